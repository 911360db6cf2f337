"""What somebody wants, before it is a reservation: resolved to local time, checked for sense."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from booking.core import zones
from booking.core.errors import InvalidError, NotOfferedError, Problem
from booking.core.intervals import LocalInterval
from booking.core.refusals import LayoutKind
from booking.core.zones import EARLIEST_YEAR, LATEST_YEAR, NonexistentTimeError
from booking.policies import facts
from booking.policies.facts import Place

LONGEST = timedelta(days=62)  # far beyond every policy; keeps the rules from counting for ever
LONGEST_TITLE = 200
LONGEST_GUEST = 120
MOST_PEOPLE = 10_000
MOST_RESOURCES = 10  # in one reservation
MOST_TOGETHER = 30  # reservations in one group


@dataclass(frozen=True)
class Wish:
    """A wished reservation.

    Times without an offset are local at the resources' site, times with one are that instant.
    Ids are public ids. Without `person_id` it is for whoever books; without `organisation_id` for
    the person alone. A `guest` is somebody without an account, by name: whoever books answers for
    them. In a `layout` those of the rooms are set out that offer it.
    """

    resources: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    title: str = ""
    headcount: int = 1
    organisation_id: str | None = None
    person_id: str | None = None
    guest: str = ""
    layout: LayoutKind | None = None


@dataclass(frozen=True)
class GroupWish:
    """Places for several people at one time, each a reservation of its own.

    The first of the places are for these people, in this order; the booker holds the others for
    the organisation. Ids are public ids.
    """

    resources: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    people: tuple[str, ...] = ()
    title: str = ""
    organisation_id: str | None = None


@dataclass(frozen=True)
class Change:
    """A wished change; what is None stays as it is, and so does a layout that is not named.
    `resources` are all that there shall be."""

    resources: tuple[str, ...] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    title: str | None = None
    headcount: int | None = None
    layout: LayoutKind | UnsetType | None = UNSET


def local_interval(starts_at: datetime, ends_at: datetime, zone_name: str) -> LocalInterval:
    """The wall clock times at the site; raises InvalidError where they make no sense.

    Refused is also an instant in an hour that the clocks repeat, when it is the second one: what
    is kept is the wall clock time, and that means the first.
    """
    zone = zones.zone(zone_name)
    start = _local("starts_at", starts_at, zone)
    end = _local("ends_at", ends_at, zone)
    if end <= start:
        raise InvalidError({"ends_at": Problem.ENDS_BEFORE_IT_STARTS})
    if end - start > LONGEST:
        raise InvalidError({"ends_at": Problem.OUT_OF_RANGE})
    _exists("starts_at", start, zone)
    local = LocalInterval(start, end, zone_name)
    if local.is_second_time:
        raise InvalidError({"starts_at": Problem.OUT_OF_RANGE})
    try:
        local.project()
    except NonexistentTimeError as error:
        raise InvalidError({"ends_at": Problem.NONEXISTENT_TIME}) from error
    except ValueError as error:  # the clocks go back between the two
        raise InvalidError({"ends_at": Problem.ENDS_BEFORE_IT_STARTS}) from error
    return local


def _local(field: str, moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        local = moment if moment.tzinfo is None else zones.to_local(moment, zone)
    except OverflowError as error:
        raise InvalidError({field: Problem.OUT_OF_RANGE}) from error
    if not EARLIEST_YEAR <= local.year <= LATEST_YEAR:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    if local.second or local.microsecond:
        raise InvalidError({field: Problem.UNREADABLE})
    return local


def checked_title(title: str) -> str:
    """The title without what could not be shown; raises InvalidError when it is too long."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    if len(plain) > LONGEST_TITLE:
        raise InvalidError({"title": Problem.TOO_LONG})
    return plain


def checked_guest(name: str) -> str:
    """The name without what could not be shown; raises InvalidError when it is too long."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(plain) > LONGEST_GUEST:
        raise InvalidError({"guest": Problem.TOO_LONG})
    return plain


def checked_resources(resources: Collection[str], most: int = MOST_RESOURCES) -> tuple[str, ...]:
    """Each once; raises InvalidError for none and for too many."""
    found = tuple(dict.fromkeys(resources))
    if not found:
        raise InvalidError({"resources": Problem.MISSING})
    if len(found) > most:
        raise InvalidError({"resources": Problem.OUT_OF_RANGE})
    return found


def checked_people(people: Collection[str], places: int) -> tuple[str, ...]:
    """Each once; raises InvalidError for more people than places."""
    found = tuple(dict.fromkeys(people))
    if len(found) > places:
        raise InvalidError({"people": Problem.TOO_MANY})
    return found


def laid_out(
    places: Sequence[Place], layout: LayoutKind | None, *, known: Collection[int] = ()
) -> tuple[Place, ...]:
    """The places in a layout, those that offer it; raises NotOfferedError where none does, unless
    all of them are `known`, to which it was promised when they still did."""
    found = facts.laid_out(places, layout)
    is_known = {place.resource_id for place in places} <= set(known)
    if layout is not None and not is_known and not any(place.layout for place in found):
        offered = dict.fromkeys(one.kind for place in places for one in place.layouts)
        raise NotOfferedError(tuple(offered))
    return found


def checked_headcount(headcount: int) -> int:
    """How many people come; raises InvalidError outside of 1 to 10 000."""
    if not 1 <= headcount <= MOST_PEOPLE:
        raise InvalidError({"headcount": Problem.OUT_OF_RANGE})
    return headcount


def _exists(field: str, local: datetime, zone: ZoneInfo) -> None:
    try:
        zones.to_instant(local, zone)
    except NonexistentTimeError as error:
        raise InvalidError({field: Problem.NONEXISTENT_TIME}) from error
