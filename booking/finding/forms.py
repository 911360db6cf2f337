"""The form of a search: what was chosen becomes a wish for a place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from booking.core.errors import InvalidError, Problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, format_duration, format_minutes_as_clock, name_in
from booking.core.intervals import Span
from booking.core.months import FIRST_DAY, day_from
from booking.finding.queries import Park
from booking.finding.wishes import Wanted
from booking.reservations import texts
from booking.reservations.forms import moment_from
from booking.reservations.wishes import local_interval

QUARTER = 15
LENGTHS = (30, 60, 90, 120, 180, 240, 360, 480, 720, 1440)


class FindForm(PageForm):
    """What is looked for. It changes nothing, so it travels in the address."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {"starts_at": "start", "ends_at": "length"}

    kind = SelectField(lazy_gettext("Kind of space"), validate_choice=False)
    day = HiddenField()
    start = SelectField(lazy_gettext("Start"), validate_choice=False)
    length = SelectField(lazy_gettext("Duration"), validate_choice=False)
    people = IntegerField(lazy_gettext("Number of people"), [Optional()])
    building = SelectField(lazy_gettext("Building"), validate_choice=False)
    area = SelectField(lazy_gettext("Area"), validate_choice=False)
    step_free = BooleanField(lazy_gettext("Only step-free access"))
    as_preferred = BooleanField(lazy_gettext("As I prefer"))
    prefers = HiddenField()  # says that the box above was there to be left empty
    feature = SelectMultipleField(
        lazy_gettext("Equipment"),
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self, park: Park, open_hours: Span) -> None:
        """Fill the lists with what the park has and with when the kind is open that day."""
        self.kind.choices = [(one.code, name_in(one.names)) for one in park.kinds]
        self.building.choices = [
            ("", _("All buildings")),
            *((one.code, name_in(one.names)) for one in park.buildings),
        ]
        areas = [one for one in park.areas if one.is_in_use]
        self.area.choices = [
            ("", _("All areas")),
            *((one.code, " · ".join(map(name_in, one.all_names))) for one in areas),
        ]
        self.feature.choices = [(one.code, name_in(one.names)) for one in park.equipment]
        self.start.choices = [(clock, clock) for clock in _clocks(open_hours, self.start.data)]
        lengths = {*LENGTHS, _number(self.length.data)} - {0}
        self.length.choices = [(str(one), format_duration(one)) for one in sorted(lengths)]

    @property
    def has_more(self) -> bool:
        """Whether something is chosen beyond what every search asks."""
        more = (self.building, self.area, self.step_free, self.feature)
        return any(field.data for field in more)

    @property
    def asked(self) -> dict[str, list[str]]:
        """What was asked, to be asked again."""
        fields = (self.kind, self.day, self.start, self.length, self.people, self.building)
        found = {one.name: [str(one.data)] for one in (*fields, self.area) if one.data}
        for one in (self.step_free, self.as_preferred, self.prefers):
            if one.data:
                found[one.name] = ["y"]
        return {**found, "feature": list(self.feature.data or ())}

    def to_wanted(self, park: Park, preferred: Sequence[str] = ()) -> Wanted:
        """The wish, with what is preferred where it shall decide; raises InvalidError naming what
        cannot be read."""
        starts_at = self._starts_at()
        length = _number(self.length.data)
        if not length:
            raise InvalidError({"length": Problem.UNREADABLE})
        if self.people.errors or self.people.process_errors:
            raise InvalidError({"people": Problem.OUT_OF_RANGE})
        return Wanted(
            kind=self.kind.data or "",
            local=local_interval(starts_at, starts_at + timedelta(minutes=length), park.zone_name),
            people=1 if self.people.data is None else self.people.data,
            features=tuple(dict.fromkeys(self.feature.data or ())),
            step_free=bool(self.step_free.data),
            building=self.building.data or "",
            area=self.area.data or "",
            preferred=tuple(preferred) if self.as_preferred.data else (),
        )

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem("headcount" if field == "people" else field, problem)

    def _starts_at(self) -> datetime:
        day = day_from(self.day.data)
        if day is None:
            raise InvalidError({"day": Problem.UNREADABLE})
        moment = moment_from(self.start.data, day)
        if moment is None:
            raise InvalidError({"start": Problem.UNREADABLE})
        return moment


def _number(text: str | None) -> int:
    """So many minutes; 0 for what is no number."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,5}", text) else 0


def _clocks(open_hours: Span, chosen: str | None) -> list[str]:
    """The quarter hours of the open hours, and what is chosen already."""
    clocks = [
        format_minutes_as_clock(minute)
        for minute in range(open_hours.opens, open_hours.closes, QUARTER)
    ]
    if chosen and chosen not in clocks and moment_from(chosen, FIRST_DAY):
        clocks = sorted([*clocks, chosen])
    return clocks
