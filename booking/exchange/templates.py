"""A small file of each subject, to begin with."""

from __future__ import annotations

from booking.exchange.columns import NAMES
from booking.exchange.rules import Subject

EXAMPLES: dict[Subject, tuple[dict[str, str], ...]] = {
    Subject.BUILDINGS: (
        {
            "code": "A",
            "name_fr": "Bâtiment A",
            "name_ar": "البناية A",
            "name_en": "Building A",
            "address": "1 boulevard Sidi Othmane, Casablanca",
            "latitude": "33.5561",
            "longitude": "-7.5634",
        },
    ),
    Subject.FLOORS: (
        {
            "building": "A",
            "level": "1",
            "name_fr": "Premier étage",
            "name_ar": "الطابق الأول",
            "name_en": "First floor",
        },
    ),
    Subject.AREAS: (
        {
            "code": "A1-NORTH",
            "building": "A",
            "level": "1",
            "name_fr": "Aile nord",
            "name_ar": "الجناح الشمالي",
            "name_en": "North wing",
        },
    ),
    Subject.RESOURCES: (
        {"code": "A-01..A-40", "area": "A1-NORTH", "kind": "desk"},
        {
            "code": "LAB-1",
            "area": "A1-NORTH",
            "kind": "lab",
            "name_fr": "Laboratoire 1",
            "name_ar": "المختبر 1",
            "name_en": "Lab 1",
            "capacity": "8",
        },
    ),
    Subject.ORGANISATIONS: ({"name": "Atlas Robotics"}, {"name": "Zellige Studio"}),
    Subject.PERSONS: (
        {
            "email": "salma@atlas.example",
            "name": "Salma El Idrissi",
            "language": "fr",
            "organisation": "Atlas Robotics",
            "role": "manager",
        },
        {"email": "omar@atlas.example", "name": "Omar Bennani", "organisation": "Atlas Robotics"},
    ),
}


def rows(subject: Subject) -> list[list[str]]:
    """The header and a few lines."""
    names = NAMES[subject]
    lines = EXAMPLES[subject]
    return [names, *([line.get(name, "") for name in names] for line in lines)]
