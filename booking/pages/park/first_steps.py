"""From nothing to a space that can be booked: what is there, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from booking.core.i18n import _
from booking.policies import queries as policies
from booking.spaces import inventory


@dataclass(frozen=True)
class FirstStep:
    """One thing a park needs before anybody can book."""

    label: str
    explanation: str
    url: str
    is_done: bool
    is_next: bool


def first_steps() -> list[FirstStep]:
    """The steps in their order; none once there is a space that can be booked."""
    there = inventory.steps()
    if there.is_bookable:
        return []
    steps = [
        *_rules(),
        (
            bool(there.buildings),
            _("A building"),
            _("Its name, its address and the way in."),
            url_for("park.places.new_building"),
        ),
        (
            bool(there.floors),
            _("A floor"),
            _("Each floor has a day of its own in the planning."),
            url_for("park.places.new_floor"),
        ),
        (
            bool(there.areas),
            _("An area"),
            _("A part of the floor, such as an open space or a corridor of rooms."),
            url_for("park.places.new_area"),
        ),
        (
            False,
            _("Spaces"),
            _("Desks, rooms, machines. One line makes many: A-01..A-40."),
            url_for("park.resources.new_resource"),
        ),
    ]
    undone = next(number for number, (is_done, *_rest) in enumerate(steps) if not is_done)
    return [
        FirstStep(label, explanation, url, is_done, number == undone)
        for number, (is_done, label, explanation, url) in enumerate(steps)
    ]


def _rules() -> list[tuple[bool, str, str, str]]:
    """Policies and hours come with the set-up; they are steps where somebody deleted them."""
    missing = []
    if not policies.policies((0, 1)):
        explanation = _("Who may book, how long, and who approves.")
        missing.append((False, _("A policy"), explanation, url_for("park.policies.new_policy")))
    if not inventory.hours((0, 1)):
        explanation = _("When the park is open.")
        missing.append((False, _("Opening hours"), explanation, url_for("park.hours.new")))
    return missing
