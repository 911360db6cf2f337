"""My reservations: what is to come, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, not_

from booking.core import clock
from booking.core.i18n import _, format_day
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.core.zones import to_local, zone
from booking.reservations import arrivals, queries, texts
from booking.reservations.models import LIVE, Reservation
from booking.reservations.queries import Details
from booking.reservations.views.blueprint import pages
from booking.reservations.views.tabs import tabs

PAGE = 20
LAST_PAGE = 9_999
DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayOfMine:
    """The reservations that begin on one day."""

    title: str
    reservations: tuple[Details, ...]


@pages.get("/reservations")
@acts(Action.SEE_RESERVATIONS)
def mine() -> ResponseReturnValue:
    """What is to come by start; what was, and what was closed, the latest first; what is booked
    for others and to come."""
    when = request.args.get("when")
    shows_past, shows_others = when == "past", when == "others"
    page = _page_number(request.args.get("page"))
    whose = queries.booked_for_others if shows_others else queries.mine
    found = _past(page) if shows_past else _upcoming(page, whose(current_actor()))
    return render_template(
        "reservations/mine.html",
        page_title=_("My reservations"),
        tabs=tabs("past" if shows_past else "others" if shows_others else "upcoming"),
        days=_by_day(found[:PAGE]),
        shows_past=shows_past,
        shows_others=shows_others,
        newer_url=_url(when, page - 1) if page > 1 else None,
        older_url=_url(when, page + 1) if len(found) > PAGE else None,
        texts=texts,
        arriving={one.public_id for one in found if arrivals.can_check_in(one, clock.now())},
        here=_url(when, page),
        missed=queries.missed_by(current_actor().person_id) if shows_past else 0,
    )


def _upcoming(page: int, whose: ColumnElement[bool]) -> list[Details]:
    return queries.find(
        whose,
        Reservation.state.in_(LIVE),
        Reservation.ends_at > clock.now(),
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )


def _past(page: int) -> list[Details]:
    is_to_come = Reservation.state.in_(LIVE) & (Reservation.ends_at > clock.now())
    return queries.find(
        queries.mine(current_actor()),
        not_(is_to_come),
        order=(Reservation.starts_at.desc(), Reservation.id.desc()),
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )


def _page_number(text: str | None) -> int:
    number = text if text and text.isascii() and text.isdigit() and len(text) < 5 else "1"
    return min(max(int(number), 1), LAST_PAGE)


def _url(when: str | None, page: int) -> str:
    return url_for(
        "reservations.mine",
        when=when if when in ("past", "others") else None,
        page=None if page == 1 else page,
    )


def _by_day(found: Sequence[Details]) -> list[DayOfMine]:
    days = groupby(found, key=lambda one: (one.local.starts_at.date(), one.local.zone_name))
    return [
        DayOfMine(_title(day, zone_name), tuple(reservations))
        for (day, zone_name), reservations in days
    ]


def _title(day: date, zone_name: str) -> str:
    today = to_local(clock.now(), zone(zone_name)).date()
    near = {today: _("Today"), today + DAY: _("Tomorrow"), today - DAY: _("Yesterday")}
    return f"{near[day]} · {format_day(day)}" if day in near else format_day(day)
