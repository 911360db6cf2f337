"""What a request asks for: the reservation itself, or the change of it that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.core import clock
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import LayoutKind
from booking.policies.facts import Place
from booking.reservations import texts
from booking.reservations.models import State
from booking.reservations.queries import Details

SOON = timedelta(hours=6)  # so near to the deadline, the list says how long is left


@dataclass(frozen=True)
class Asked:
    """The places and the time that an answer is about."""

    places: tuple[Place, ...]
    local: LocalInterval
    interval: Interval
    title: str
    headcount: int
    layout: LayoutKind | None
    holds_place: bool
    decide_by: datetime
    asked_at: datetime
    is_change: bool

    @property
    def place(self) -> Place:
        """The first place."""
        return self.places[0]

    @property
    def codes(self) -> str:
        """All of them."""
        return texts.codes(self.places)

    @property
    def is_urgent(self) -> bool:
        """Whether little time is left to answer."""
        return self.decide_by - clock.now() < SOON


def asked_of(request: Details) -> Asked:
    """What is asked for; of a request that was answered, what it asked for last."""
    waiting = request.amendment
    if waiting is None:
        return Asked(
            places=request.places,
            local=request.local,
            interval=request.interval,
            title=request.title,
            headcount=request.headcount,
            layout=request.layout,
            holds_place=request.holds_place,
            decide_by=request.decide_by or request.interval.starts_at,
            asked_at=request.created_at,
            is_change=False,
        )
    return Asked(
        places=waiting.places,
        local=waiting.local,
        interval=waiting.interval,
        title=waiting.title,
        headcount=waiting.headcount,
        layout=waiting.layout,
        holds_place=waiting.holds_place,
        decide_by=waiting.decide_by,
        asked_at=waiting.created_at,
        is_change=True,
    )


def is_open(request: Details) -> bool:
    """Whether an answer is still wanted: it waits, its time to answer is not over, and a request
    has not begun."""
    asked, now = asked_of(request), clock.now()
    if not request.waits or asked.decide_by <= now:
        return False
    return request.state is not State.PENDING or asked.interval.starts_at > now


def may_answer(actor: Actor, request: Details) -> bool:
    """Whether this actor may give the answer, and it is still wanted."""
    return is_open(request) and allows(actor, Action.DECIDE, request)
