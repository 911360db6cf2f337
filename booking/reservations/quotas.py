"""What a person and an organisation have of a resource group, read from the reservations.

Nothing is kept twice. Whoever books or changes first holds the rows of those whose quota is asked
(`held`), then counts: two that act at once stand behind each other, and the second counts what the
first has written. Locks are taken in one order everywhere: reservations, organisations, persons,
resources. Where no policy has a quota nothing is asked of the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    exists,
    extract,
    func,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
)

from booking.core import clock
from booking.core.database import Instant, engine_name, execute, session
from booking.core.permissions import Actor
from booking.core.refusals import QuotaOf
from booking.people.models import Organisation, Person
from booking.policies.facts import Place
from booking.policies.quotas import (
    Account,
    Amount,
    Counted,
    Counting,
    Entry,
    Group,
    Own,
    Used,
    days_of,
    of_places,
)
from booking.reservations.models import (
    LIVE,
    Amendment,
    AmendmentResource,
    Asking,
    Reservation,
    ReservationResource,
)
from booking.reservations.queries import Details
from booking.reservations.wishes import LONGEST
from booking.spaces.models import Resource

DAY = timedelta(days=1)
FAR = timedelta(days=10 * 366)  # beyond every horizon


def of(details: Details) -> Counted:
    """For whom a reservation counts."""
    return Counted(None if details.guest else details.person_id, details.organisation_id)


def of_actor(actor: Actor) -> Counted:
    """For whom counts what the forms propose: the actor, in their first organisation."""
    organisations = actor.memberships[:1]
    return Counted(actor.person_id, organisations[0].organisation_id if organisations else None)


class Count(Protocol):
    """Reads what the quotas ask, `counting` or `held`."""

    def __call__(
        self,
        places: Sequence[Place],
        holders: Collection[Counted],
        days: tuple[date, date],
        *,
        given_up: Sequence[Details] = (),
    ) -> Counting | None: ...


def counting(
    places: Iterable[Group],
    holders: Collection[Counted],
    days: tuple[date, date],
    *,
    own: Details | None = None,
    given_up: Sequence[Details] = (),
    now: datetime | None = None,
) -> Counting | None:
    """What these holders have of the groups of these places, in the periods around the days from
    the first to the last; None where no policy has a quota. What is one's `own` counts as what it
    had, what is `given_up` not at all."""
    quotas = of_places(places)
    if not quotas or not holders:
        return None
    found = Counting(next(iter(holders)), now or clock.now(), own=_own(own))
    for whose in QuotaOf:
        for is_ahead in (False, True):
            groups = {
                policy_id: one
                for policy_id, several in quotas.items()
                for one in several
                if one.whose is whose and one.is_ahead is is_ahead
            }
            subjects = {key for holder in holders if (key := holder.of(whose)) is not None}
            if groups and subjects:
                window = ahead(found.now)
                if not is_ahead:
                    edges = [days_of(one.period, day) for one in groups.values() for day in days]
                    window = around([edge for edge in edges if edge is not None])
                but_not = [one.id for one in (*given_up, *(() if own is None else (own,)))]
                read(found, whose, is_ahead, (groups, subjects, window), but_not)
    return found


def changing(counted: Counting, before: Details) -> Counting:
    """The same for a change of this one, of those that are given up."""
    return replace(counted, holder=of(before), own=_own(before))


def held(
    places: Sequence[Place],
    holders: Collection[Counted],
    days: tuple[date, date],
    *,
    own: Details | None = None,
    given_up: Sequence[Details] = (),
) -> Counting | None:
    """The same behind a lock on those whom it counts for, until the commit: nobody else can add to
    what was counted."""
    quotas = of_places(places)
    if not quotas:
        return None
    hold(places, holders)
    return counting(places, holders, days, own=own, given_up=given_up)


def hold(places: Iterable[Place], holders: Collection[Counted]) -> None:
    """Queue behind everybody who books for the same organisation or person under a quota. SQLite
    has one writer at a time anyway."""
    asked = {one.whose for quotas in of_places(places).values() for one in quotas}
    if engine_name() != "postgresql":
        return
    for whose, key in ((QuotaOf.ORGANISATION, Organisation.id), (QuotaOf.PERSON, Person.id)):
        subjects = {found for holder in holders if (found := holder.of(whose)) is not None}
        if whose in asked and subjects:
            session().execute(
                select(key).where(key.in_(subjects)).order_by(key).with_for_update(key_share=True)
            )


@dataclass(frozen=True)
class _Sorts:
    """The three statements of one account: what stands, what of it a change waits for, and the
    changes themselves; together they are one."""

    whose: QuotaOf
    of_everybody: bool = False

    @property
    def subject(self) -> ColumnElement[int | None]:
        return {
            QuotaOf.PERSON: Reservation.__table__.c.person_id,
            QuotaOf.ORGANISATION: Reservation.__table__.c.organisation_id,
        }[self.whose]

    def statement(self, engine: str) -> Any:  # Any: a union of three
        waits = exists().where(
            Amendment.reservation_id == Reservation.id, Amendment.state == Asking.WAITING
        )
        return union_all(
            self._standing(engine, null()).where(~waits).group_by(*self._by(Reservation)),
            self._standing(engine, Reservation.id)
            .where(waits)
            .group_by(*self._by(Reservation), Reservation.id),
            self._changes(engine),
        )

    def _standing(self, engine: str, key: Any) -> Select[Any]:  # Any: a column or null
        return (
            self._select(engine, Reservation, key)
            .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
            .join(Resource, Resource.id == ReservationResource.resource_id)
            .where(*self._conditions(), *_within(Reservation.starts_at))
        )

    def _changes(self, engine: str) -> Select[Any]:
        return (
            self._select(engine, Amendment, Reservation.id)
            .join(Reservation, Reservation.id == Amendment.reservation_id)
            .join(AmendmentResource, AmendmentResource.amendment_id == Amendment.id)
            .join(Resource, Resource.id == AmendmentResource.resource_id)
            .where(
                *self._conditions(),
                *_within(Amendment.starts_at),
                Amendment.state == Asking.WAITING,
                Reservation.starts_at > bindparam("began", type_=Instant),
            )
            .group_by(*self._by(Amendment), Reservation.id)
        )

    def _select(self, engine: str, of: Any, key: Any) -> Select[Any]:  # Any: columns of either
        return select(
            key.label("reservation_id"),
            Resource.policy_id,
            self.subject.label("subject_id"),
            _day(of.local_start).label("day"),
            func.sum(_minutes(engine, of)).label("minutes"),
            func.count().label("count"),
        ).select_from(of)

    def _conditions(self) -> tuple[ColumnElement[bool], ...]:
        return (
            self.subject.is_not(None)
            if self.of_everybody
            else self.subject.in_(bindparam("subjects", expanding=True)),
            *([Reservation.guest.is_(None)] if self.whose is QuotaOf.PERSON else []),
            Resource.policy_id.in_(bindparam("policies", expanding=True)),
            Reservation.state.in_(LIVE),
            Reservation.id.not_in(bindparam("but_not", expanding=True)),
        )

    def _by(self, of: Any) -> tuple[Any, ...]:  # Any: columns of either
        return Resource.policy_id, self.subject, _day(of.local_start)


def _within(starts_at: Any) -> tuple[ColumnElement[bool], ...]:  # Any: a column
    return (
        starts_at > bindparam("since", type_=Instant),
        starts_at < bindparam("until", type_=Instant),
    )


def _day(local: Any) -> ColumnElement[str]:  # Any: a column
    """Written into the statement: a value bound twice is not the same expression twice."""
    return func.substr(type_coerce(local, String), literal_column("1"), literal_column("10"))


def _minutes(engine: str, of: Any) -> ColumnElement[int]:  # Any: columns of either
    if engine == "sqlite":
        seconds = type_coerce(of.ends_at, Integer) - type_coerce(of.starts_at, Integer)
        return seconds // 60
    lasts = type_coerce(of.ends_at, DateTime) - type_coerce(of.starts_at, DateTime)
    return cast(extract("epoch", lasts) / 60, Integer)


_STATEMENTS = {
    (whose, engine): _Sorts(whose).statement(engine)
    for whose in QuotaOf
    for engine in ("sqlite", "postgresql")
}


def read(
    found: Counting,
    whose: QuotaOf,
    is_ahead: bool,
    asked: tuple[Collection[int], Collection[int] | None, tuple[datetime, datetime]],
    but_not: Collection[int] = (),
) -> None:
    """Count in what these subjects, or all, have of these groups, begun between two moments, but
    for some of the reservations."""
    groups, subjects, (since, until) = asked
    statement = _STATEMENTS[whose, engine_name()]
    if subjects is None:
        statement = _Sorts(whose, of_everybody=True).statement(engine_name())
    rows = execute(
        statement,
        {
            **({} if subjects is None else {"subjects": list(subjects)}),
            "policies": list(groups),
            "but_not": list(but_not) or [0],
            "since": since,
            "until": until,
            "began": found.now - LONGEST,
        },
    )
    for reservation_id, policy_id, subject_id, day, minutes, count in rows:
        account = Account(policy_id, whose, subject_id, is_ahead)
        entry = Entry(date.fromisoformat(day), Amount(int(minutes), count), reservation_id)
        found.used.setdefault(account, Used()).add(entry)


def ahead(now: datetime) -> tuple[datetime, datetime]:
    """From when until when what has not begun begins."""
    return now, now + FAR


def around(edges: Sequence[tuple[date, date]]) -> tuple[datetime, datetime]:
    """From when until when what counts in these periods begins, with a day more on either side:
    which day a reservation begins on is asked of its own clock."""
    first = min(first for first, _after in edges) - DAY
    last = max(after for _first, after in edges) + DAY
    utc = clock.now().tzinfo
    return datetime.combine(first, time.min, utc), datetime.combine(last, time.min, utc)


def _own(own: Details | None) -> tuple[Own, ...]:
    """What the reservation that changes counts so far, and what it asks for already."""
    if own is None:
        return ()
    stands = [(own.places, own.local, own.interval)]
    if own.amendment is not None:
        waiting = own.amendment
        stands.append((waiting.places, waiting.local, waiting.interval))
    return tuple(
        Own(
            policy_id,
            interval.starts_at,
            local.starts_at.date(),
            Amount(interval.minutes * number, number),
        )
        for places, local, interval in stands
        for policy_id, number in _numbers(places).items()
    )


def _numbers(places: Iterable[Place]) -> dict[int, int]:
    found: dict[int, int] = {}
    for place in places:
        found[place.policy_id] = found.get(place.policy_id, 0) + 1
    return found
