"""The first page after signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from booking.core import clock, web, zones
from booking.core.i18n import _, format_clock, format_duration, format_short_day
from booking.core.permissions import Action, allows
from booking.core.web import acts
from booking.pages import navigation
from booking.pages.today import queries
from booking.reservations import arrivals, texts
from booking.reservations.queries import Details

NEAR_MINUTES = 12 * 60  # so near, a duration says more than a date

blueprint = Blueprint("today", __name__)


@dataclass(frozen=True)
class Line:
    """One reservation in a list, with its day in words."""

    details: Details
    day: str
    times: tuple[str, str]
    can_check_in: bool


@dataclass(frozen=True)
class Next:
    """The figure of the nearest reservation and the words beside it."""

    figure: str
    detail: str


@blueprint.get("/")
@acts(Action.SEE_SPACES)
def show() -> ResponseReturnValue:
    """What is mine, what waits for me, what is free."""
    actor = web.current_actor()
    now = clock.now()
    mine = queries.next_reservations(actor, now)
    return render_template(
        "today/show.html",
        mine=[_line(one, now) for one in mine],
        next=_next(mine, now),
        decides=allows(actor, Action.SEE_APPROVALS),
        requests=[_line(one, now) for one in queries.first_requests(actor)],
        waiting=navigation.waiting_requests(actor),
        pending=queries.pending_count(actor, now),
        house=queries.free_now(now),
        may_describe=allows(actor, Action.OPERATE),
    )


def _line(details: Details, now: datetime) -> Line:
    local = details.local
    times = (format_clock(local.starts_at), format_clock(local.ends_at))
    can_check_in = arrivals.can_check_in(details, now)
    return Line(details, _day_in_words(details, now), times, can_check_in)


def _day_in_words(details: Details, now: datetime) -> str:
    local = details.local
    today = zones.to_local(now, local.zone).date()
    distance = (local.starts_at.date() - today).days
    if distance <= 0:
        return _("Today")  # one that began before and runs on is today's too
    return _("Tomorrow") if distance == 1 else format_short_day(local.starts_at)


def _next(mine: list[Details], now: datetime) -> Next | None:
    ahead = next((one for one in mine if one.interval.starts_at > now), None)
    if ahead is None:
        return None
    start = format_clock(ahead.local.starts_at)
    code = texts.codes(ahead.places)
    minutes = -(-int((ahead.interval.starts_at - now).total_seconds()) // 60)
    if minutes <= NEAR_MINUTES:
        wait = format_duration(minutes)
        return Next(start, _("%(space)s · in %(duration)s", space=code, duration=wait))
    day = _day_in_words(ahead, now)
    return Next(start, _("%(space)s · %(day)s", space=code, day=day))
