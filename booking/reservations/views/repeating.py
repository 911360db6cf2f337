"""The dates of a series before it is booked: what stands against each, and what would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, request

from booking.core import ids, schema
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.i18n import _
from booking.core.months import day_from
from booking.core.refusal_texts import describe
from booking.reservations import series, series_texts, texts
from booking.reservations.alternatives import Alternative
from booking.reservations.forms import BookForm
from booking.reservations.series import Dated, Instead, Look, SeriesWish
from booking.reservations.wishes import MOST_RESOURCES, Wish

EDIT = "edit"  # the name of the button that goes back to the form
ON = "on-"  # a choice for a day: on-2026-12-08
UNSENT = ("csrf_token", "idempotency_key", EDIT)


@dataclass(frozen=True)
class Option:
    """What can be chosen for a date that cannot be had."""

    value: str
    label: str
    detail: str
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """A date: what it would be, or why it is none, and what would do instead."""

    date: Dated
    sentences: tuple[str, ...]
    options: tuple[Option, ...]

    @property
    def name(self) -> str:
        """What the choice is sent under."""
        return f"{ON}{self.date.day.isoformat()}"


def wanted(
    form: BookForm, wish: Wish, exceptions: Mapping[date, Instead | None] | None = None
) -> SeriesWish:
    """The wished series; raises InvalidError for a repetition that cannot be read."""
    return SeriesWish(wish, form.repetition_asked(), exceptions or {})


def chosen() -> dict[date, Instead | None]:
    """What was chosen for single dates; raises InvalidError for what cannot be read."""
    return {
        _day(name): instead_from(value)
        for name, value in request.form.items()
        if name.startswith(ON)
    }


def page(found: Look, form: BookForm, refused: RefusedError | None = None) -> str:
    """The list of dates; nothing is booked yet."""
    offered = series.options(found)
    rows = [_row(one, offered.get(one.day, ())) for one in found.dates]
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in UNSENT and not name.startswith(ON)
    ]
    return render_template(
        "book/series.html",
        page_title=_("All dates"),
        found=found,
        rows=rows,
        kept=kept,
        key=ids.new_public_id(),
        refusals=[] if refused is None else [describe(one) for one in refused.refusals],
        rule=series_texts.repetition(found.repetition, found.local.starts_at.date()),
        series_texts=series_texts,
        texts=texts,
    )


def _row(one: Dated, offered: Sequence[Alternative]) -> Row:
    sentences = tuple(dict.fromkeys(describe(refusal) for refusal in one.refusals))
    if not one.refusals:
        return Row(one, tuple(map(texts.expected, one.expected)), ())
    sent = request.form.get(f"{ON}{one.day.isoformat()}", "")
    values = [value_of(other) for other in offered]
    leave_out = Option("", _("Leave this date out"), "", sent not in values)
    others = [
        Option(value, texts.clock_range(other.local), _detail(other, one), value == sent)
        for value, other in zip(values, offered, strict=True)
    ]
    return Row(one, sentences, (leave_out, *others))


def _detail(other: Alternative, one: Dated) -> str:
    if other.places == one.places:
        return _("Same space, other time")
    return _("Same time, similar space: %(codes)s", codes=texts.codes(other.places))


def value_of(other: Alternative) -> str:
    """An alternative as a page sends it."""
    places = ",".join(place.spot.public_id for place in other.places)
    times = (other.local.starts_at, other.local.ends_at)
    return "/".join([*(moment.isoformat(timespec="minutes") for moment in times), places])


def _day(name: str) -> date:
    day = day_from(name.removeprefix(ON))
    if day is None:
        raise InvalidError({"exceptions": Problem.UNREADABLE})
    return day


def instead_from(value: str) -> Instead | None:
    """What was chosen, None where nothing is; raises InvalidError for what no page sends."""
    if not value:
        return None
    try:
        start, end, places = value.split("/")
        return Instead(
            datetime.fromisoformat(start),
            datetime.fromisoformat(end),
            tuple(
                schema.public_id("exceptions", one)
                for one in places.split(",", maxsplit=MOST_RESOURCES)
            ),
        )
    except ValueError as error:
        raise InvalidError({"exceptions": Problem.UNREADABLE}) from error
