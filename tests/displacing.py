"""Closing what somebody has reserved, and holding something else for them, as the house does it."""

from __future__ import annotations

from booking.closures import queries as closures
from booking.closures import service as closing
from booking.closures.rules import Wanted
from booking.core.database import end_reading
from booking.core.permissions import Actor
from booking.occupancy.models import ClosureKind
from booking.replacements import holding
from booking.replacements import queries as replacements
from booking.reservations.queries import Details

NAMES = {"fr": "Ventilation", "ar": "التهوية", "en": "Ventilation"}


def displace(operator: Actor, *made: Details) -> str:
    """Close the places of these reservations, as one act, for the time from the start of the first
    to the end of the last, whoever is there; the closure's id."""
    wanted = Wanted(
        ClosureKind.MAINTENANCE,
        NAMES,
        min(one.local.starts_at for one in made),
        max(one.local.ends_at for one in made),
        resources=tuple(place.spot.public_id for one in made for place in one.places),
    )
    seen = closures.plan(operator, wanted).seen
    end_reading()
    done = closing.close(operator, wanted, seen=seen)
    end_reading()
    return done.public_id


def serve_all() -> None:
    """Hold something for everybody who was displaced."""
    for due in replacements.unserved():
        end_reading()
        holding.serve(due)
    end_reading()
