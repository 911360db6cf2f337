"""The page of one space."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.closures import queries as closures
from booking.closures import words
from booking.closures.breakdowns import open_closure_of
from booking.closures.queries import Closing
from booking.core import clock
from booking.core.errors import NotFoundError
from booking.core.i18n import _, format_days, format_short_weekday
from booking.core.months import Month, day_from, month, month_from, within
from booking.core.permissions import Action, Actor, allows
from booking.core.web import acts, current_actor
from booking.occupancy.models import Closure
from booking.pages.space import queries
from booking.pages.space.week import DAYS_A_WEEK, Week, first_day, week_of
from booking.policies.facts import Place
from booking.reservations import availability, place_facts, texts
from booking.spaces import photos
from booking.spaces.models import ResourceState

WEEK = timedelta(days=DAYS_A_WEEK)
MOST_CLOSURES = 5

blueprint = Blueprint("space", __name__)


@dataclass(frozen=True)
class Weeks:
    """The week that is shown, and the ways to others."""

    title: str
    previous_url: str
    next_url: str
    today_url: str | None
    month: Month
    month_is_open: bool


@dataclass(frozen=True)
class OpenDays:
    """Days in a row with the same opening hours."""

    days: str
    hours: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ClosedTime:
    """A time at which the space is closed; with an address for whoever looks after closures."""

    what: str
    period: str
    url: str


@blueprint.get("/spaces/<code>")
@acts(Action.SEE_SPACES)
def show(code: str) -> ResponseReturnValue:
    """What it is, what is asked of whoever books it, and its week."""
    actor, now = current_actor(), clock.now()
    place = place_facts.place_called(code)
    if place is None:
        raise NotFoundError
    spot = place.spot
    house = queries.house(place.building_id)
    today = availability.today_at(place)
    day = day_from(request.args.get("day")) or today
    week = week_of(actor, place, first_day(day, house.first_weekday), now)
    return render_template(
        "space/show.html",
        place=place,
        house=house,
        week=week,
        weeks=_weeks(spot.code, day, today, house.first_weekday),
        hours=_hours(week),
        features=place_facts.features_of([place.resource_id])[place.resource_id],
        photos=photos.photos_of([place.resource_id]).get(place.resource_id, ()),
        approval=texts.approval([place], place_facts.who_answers(place)),
        book_url=url_for("book.form", resource=spot.code, day=max(day, today).isoformat()),
        wait_url=url_for("waitlist.new", resource=spot.code, day=max(day, today).isoformat()),
        closures=[_closed(actor, one, spot.zone_name) for one in _closures(place)],
        may_close=allows(actor, Action.CLOSE_SPACES, Closing((place,))),
        breakdown=open_closure_of(place.resource_id)
        if spot.state is ResourceState.OUT_OF_ORDER
        else None,
        texts=texts,
        today=now,
    )


def _closures(place: Place) -> list[Closure]:
    return closures.next_of(place.resource_id, limit=MOST_CLOSURES)


def _closed(actor: Actor, found: Closure, zone_name: str) -> ClosedTime:
    sees_all = allows(actor, Action.CLOSE_SPACES)
    return ClosedTime(
        words.what(found.kind, found.names),
        words.period(found.interval, zone_name),
        url_for("closures.show", public_id=found.public_id) if sees_all else "",
    )


def _weeks(code: str, day: date, today: date, first_weekday: int) -> Weeks:
    def url(day: date, month: str | None = None) -> str:
        wanted = None if day == today else day.isoformat()
        return url_for("space.show", code=code, day=wanted, month=month)

    first = first_day(day, first_weekday)
    turned_to = month_from(request.args.get("month"))
    return Weeks(
        title=format_days(first, first + WEEK - timedelta(days=1)),
        previous_url=url(within(day - WEEK)),
        next_url=url(within(day + WEEK)),
        today_url=None if first_day(today, first_weekday) == first else url(today),
        month=month(
            turned_to or day,
            chosen=day,
            today=today,
            first_weekday=first_weekday,
            url_of=url,
            turn_to=lambda other: url(day, f"{other:%Y-%m}"),
        ),
        month_is_open=turned_to is not None,
    )


def _hours(week: Week) -> list[OpenDays]:
    """The hours of the shown week, days with the same ones together."""
    found = []
    for spans, group in groupby(week.days, key=week.opening.spans_on):
        days = list(group)
        first, last = format_short_weekday(days[0]), format_short_weekday(days[-1])
        label = first if len(days) == 1 else _("%(first)s to %(last)s", first=first, last=last)
        found.append(OpenDays(label, tuple(texts.opening_hours(spans))))
    return found
