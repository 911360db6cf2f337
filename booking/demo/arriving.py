"""Who came: most of those whom a policy asks confirm that they are there."""

from __future__ import annotations

from datetime import datetime, timedelta

from booking.demo.chance import stream
from booking.demo.ledger import Entry
from booking.demo.scene import Scene
from booking.reservations.models import State

COMES = 0.9


def arrive(scene: Scene) -> None:
    """What began and is not known to have been changed later: somebody came, or nobody did."""
    chance = stream("arriving")
    for entry in sorted(scene.ledger.entries, key=lambda one: one.created_at):
        if not _is_asked(entry):
            continue
        start, comes = entry.aim.interval.starts_at, chance.random() < COMES
        at = start + timedelta(minutes=chance.randint(-8, 12))
        missed = start + timedelta(minutes=_grace(entry), seconds=chance.randint(1, 20))
        if comes and _is_between(entry, at, scene):
            scene.ledger.check_in(entry, at)
        elif not comes and _is_between(entry, missed, scene):
            scene.ledger.release(entry, missed)


def _is_between(entry: Entry, at: datetime, scene: Scene) -> bool:
    return entry.changed_at < at < min(scene.now, entry.aim.interval.ends_at)


def _grace(entry: Entry) -> int:
    return min(place.grace_minutes for place in entry.aim.places if place.asks_for_check_in)


def _is_asked(entry: Entry) -> bool:
    is_asked = any(place.asks_for_check_in for place in entry.aim.places)
    return entry.state is State.CONFIRMED and is_asked
