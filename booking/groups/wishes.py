"""What somebody wants for a team, before the places are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from booking.core.errors import InvalidError, Problem
from booking.core.intervals import LocalInterval
from booking.reservations.wishes import MOST_TOGETHER, GroupWish, local_interval


@dataclass(frozen=True)
class Wanted:
    """So many places of a kind near each other; kind, area and building are named by their codes.

    The people are public ids; whoever is not named sits on a place of the organisation.
    """

    kind: str
    count: int
    starts_at: datetime
    ends_at: datetime
    area: str = ""
    building: str = ""
    people: tuple[str, ...] = ()
    title: str = ""
    organisation_id: str | None = None
    step_free: bool = False
    preferred: tuple[str, ...] = ()  # features that are given up where they are not together

    def local(self, zone_name: str) -> LocalInterval:
        """When, at the site; raises InvalidError where that makes no sense."""
        return local_interval(self.starts_at, self.ends_at, zone_name)

    def at(self, resources: tuple[str, ...]) -> GroupWish:
        """The same for places that were chosen."""
        return GroupWish(
            resources=resources,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            people=self.people,
            title=self.title,
            organisation_id=self.organisation_id,
        )


def checked_count(count: int) -> int:
    """How many places; raises InvalidError outside of 1 to 30."""
    if not 1 <= count <= MOST_TOGETHER:
        raise InvalidError({"count": Problem.OUT_OF_RANGE})
    return count
