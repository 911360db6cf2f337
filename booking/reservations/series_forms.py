"""The forms of acts on several dates of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, UnsetType
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import Optional

from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.forms import OnceForm, lazy_gettext
from booking.core.i18n import _, name_in
from booking.core.refusals import LayoutKind
from booking.policies.facts import Place
from booking.reservations import texts
from booking.reservations.forms import CancelForm, LayoutForm, ReservationForm, moment_from, written
from booking.reservations.queries import Details
from booking.reservations.series_changing import Wanted

SHORTEST_STEP = 15  # minutes: a list of every five is too long to read
MIDNIGHT = datetime(2000, 1, 1)


class SinceForm(OnceForm, ReservationForm):
    """From which date on, and the mark of what the page showed."""

    since = HiddenField()
    seen = HiddenField()

    def since_asked(self) -> str | None:
        """The reservation from which on; raises NotFoundError for what is none."""
        if not self.since.data:
            return None
        try:
            return str(UUID(self.since.data))
        except ValueError as error:
            raise NotFoundError from error


class SeriesCancelForm(SinceForm, CancelForm):
    """Why several dates are given back."""


class SeriesChangeForm(SinceForm, LayoutForm):
    """What several dates shall be."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {
        **ReservationForm.FIELD_OF,
        "resources": "space",
        "choices": "start",
    }

    start = SelectField(lazy_gettext("Start"), validate_choice=False)
    end = SelectField(lazy_gettext("End"), validate_choice=False)
    space = SelectField(lazy_gettext("Space"), validate_choice=False)
    title = StringField(lazy_gettext("Purpose"))
    headcount = IntegerField(lazy_gettext("Number of people"), [Optional()])
    others = BooleanField(lazy_gettext("Change those dates too that were changed alone"))

    def to_wanted(self, first: Details) -> Wanted:
        """The change; purpose and number of people only where they differ from the date that the
        page shows. Raises InvalidError naming what cannot be read."""
        if self.headcount.process_errors:
            raise InvalidError({"headcount": Problem.OUT_OF_RANGE})
        title, headcount = (self.title.data or "").strip(), self.headcount.data
        return Wanted(
            starts=_after_midnight("starts_at", self.start.data),
            ends=_after_midnight("ends_at", self.end.data),
            resources=self._resources(),
            title=None if title == first.title else title,
            headcount=None if headcount == first.headcount else headcount,
            layout=self._layout(first),
            changes_others=bool(self.others.data),
        )

    def _layout(self, first: Details) -> LayoutKind | UnsetType | None:
        """The chosen one, where it differs; no page that offers none sends any."""
        chosen = first.layout if self.layout.data is None else self.layout_asked()
        return UNSET if chosen == first.layout else chosen

    def _resources(self) -> tuple[str, ...] | None:
        if not self.space.data:
            return None
        try:
            return (str(UUID(self.space.data)),)
        except ValueError as error:
            raise InvalidError({"resources": Problem.NOT_FOUND}) from error

    def offer(self, first: Details, others: Sequence[Place], opens: int, closes: int) -> None:
        """Times between these minutes of the day and the chosen ones, and spaces instead."""
        step = max(SHORTEST_STEP, *(place.limits.granularity for place in first.places))
        minutes = range(opens, closes + 1, step)
        clocks = [written(MIDNIGHT + timedelta(minutes=one), MIDNIGHT.date()) for one in minutes]
        self.start.choices = _with(self.start.data, clocks[:-1])
        self.end.choices = _with(self.end.data, clocks[1:])
        self.offer_layouts(first.places, first.layout)
        self.space.choices = [
            ("", _("As it is: %(codes)s", codes=texts.codes(first.places))),
            *(
                (other.spot.public_id, f"{other.spot.code} · {name_in(other.spot.names)}")
                for other in others
                if other.resource_id not in first.resource_ids
            ),
        ]


def first_values(first: Details) -> dict[str, object]:
    """What the form shows first: the date as it stands."""
    midnight = datetime.combine(first.local.starts_at, time.min)
    last = datetime.combine(first.local.ends_at - timedelta(minutes=1), time.min)
    return {
        "start": written(MIDNIGHT + (first.local.starts_at - midnight), MIDNIGHT.date()),
        "end": written(MIDNIGHT + (first.local.ends_at - last), MIDNIGHT.date()),
        "title": first.title,
        "headcount": first.headcount,
        **({} if first.layout is None else {"layout": first.layout.value}),
    }


def _with(chosen: str | None, clocks: Sequence[str]) -> list[tuple[str, str]]:
    """What is chosen stands among the choices."""
    known = moment_from(chosen, MIDNIGHT.date()) is not None
    added = {chosen} if chosen and known else set()
    return [(one, one) for one in sorted({*clocks, *added})]


def _after_midnight(name: str, text: str | None) -> timedelta:
    moment = moment_from(text, MIDNIGHT.date()) if text and "T" not in text else None
    if moment is None:
        raise InvalidError({name: Problem.UNREADABLE if text else Problem.MISSING})
    return moment - MIDNIGHT
