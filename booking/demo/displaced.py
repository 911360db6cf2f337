"""Somebody whom a closure has displaced a moment ago, and the places that are held instead."""

from __future__ import annotations

from booking.closures import queries as closures
from booking.closures import service as closing
from booking.closures.rules import Wanted
from booking.core.database import session
from booking.demo.people import OPERATOR, People
from booking.occupancy.models import ClosureKind
from booking.people.models import Person
from booking.people.sign_in import load_actor
from booking.replacements import holding
from booking.replacements import queries as replacements
from booking.reservations import queries as reservations
from booking.reservations.models import Reservation

TITLE = "Soutenance du plan d'affaires"
NAMES = {
    "fr": "Réparation de la climatisation",
    "ar": "إصلاح المكيف",
    "en": "Air conditioning repair",
}


def displace(people: People) -> None:
    """Close the room of that reservation for its time, and hold something else, by the verbs."""
    (found,) = reservations.find(Reservation.title == TITLE)
    operator = load_actor(session().get_one(Person, people.id_of[OPERATOR]))
    wanted = Wanted(
        ClosureKind.MAINTENANCE,
        dict(NAMES),
        found.local.starts_at,
        found.local.ends_at,
        resources=tuple(place.spot.public_id for place in found.places),
    )
    closing.close(operator, wanted, seen=closures.plan(operator, wanted).seen)
    for due in replacements.unserved():
        holding.serve(due)
