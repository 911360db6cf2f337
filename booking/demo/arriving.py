"""Who came: most of those whom a policy asks confirm that they are there."""

from __future__ import annotations

from datetime import timedelta

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
        at = entry.aim.interval.starts_at + timedelta(minutes=chance.randint(-8, 12))
        comes = chance.random() < COMES
        if comes and entry.changed_at < at < min(scene.now, entry.aim.interval.ends_at):
            scene.ledger.check_in(entry, at)


def _is_asked(entry: Entry) -> bool:
    is_asked = any(place.asks_for_check_in for place in entry.aim.places)
    return entry.state is State.CONFIRMED and is_asked
