"""What of a group still stands together, to be moved as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from booking.core.intervals import LocalInterval
from booking.reservations.queries import Details


@dataclass(frozen=True)
class Standing:
    """The reservations at the time that most of them have or ask for; the others stay."""

    together: tuple[Details, ...]
    changed_alone: tuple[Details, ...]
    given_back: tuple[Details, ...]


def standing(found: Sequence[Details]) -> Standing:
    """Sort the reservations of a group; where as many are at one time as at another, the earlier
    is the group's."""
    live = [one for one in found if one.is_live]
    times = Counter(_when(one) for one in live)
    common = min(
        times, key=lambda local: (-times[local], local.starts_at, local.ends_at), default=None
    )
    return Standing(
        tuple(one for one in live if _when(one) == common),
        tuple(one for one in live if _when(one) != common),
        tuple(one for one in found if not one.is_live),
    )


def versions(found: Sequence[Details]) -> dict[str, object]:
    """What the mark of a group is made from: it changes with each of its reservations."""
    return {"reservations": [[one.public_id, one.version] for one in found]}


def _when(one: Details) -> LocalInterval:
    return one.local if one.amendment is None else one.amendment.local
