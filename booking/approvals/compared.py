"""Requests that want the same place at overlapping times, each with what a choice needs."""

from __future__ import annotations

from dataclasses import dataclass

from booking.approvals import queries
from booking.approvals.asked import Asked, asked_of, is_open, may_answer
from booking.approvals.case import so_far
from booking.approvals.rows import Tag, tags_of
from booking.approvals.words import who_asks
from booking.core import clock
from booking.core.i18n import format_ago
from booking.core.permissions import Actor
from booking.reservations.queries import Details


@dataclass(frozen=True)
class Competitor:
    """One of the requests."""

    request: Details
    asked: Asked
    who: str
    tags: tuple[Tag, ...]
    so_far: str
    age: str
    may_be_approved: bool


def compare(actor: Actor, wanted: Details) -> list[Competitor]:
    """The request and its rivals that this actor may decide, in the order in which they came.

    The same number of statements for however many there are.
    """
    rivals = queries.background_of([wanted]).rivals.get(wanted.id, ())
    others = queries.requests_for(actor, [rival.public_id for rival in rivals])
    found = [one for one in (wanted, *others) if is_open(one)]
    background = queries.background_of(found)
    records = queries.records_of(found)
    competitors = [
        Competitor(
            request=one,
            asked=asked_of(one),
            who=who_asks(one),
            tags=tags_of(one, asked_of(one), background),
            so_far=so_far(one, records[one.id]),
            age=format_ago(asked_of(one).asked_at, clock.now()),
            may_be_approved=may_answer(actor, one) and not background.conflicts.get(one.id),
        )
        for one in found
    ]
    return sorted(competitors, key=lambda one: (one.asked.asked_at, one.request.id))
