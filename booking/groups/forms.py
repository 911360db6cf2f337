"""The form of places for a team: what was chosen becomes a wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from booking.core.errors import InvalidError, Problem
from booking.core.forms import PageForm, lazy_gettext, problem_text
from booking.core.i18n import _, format_day, name_in
from booking.core.months import day_from
from booking.finding.queries import FeatureChoice, Park
from booking.groups.wishes import Wanted, checked_count
from booking.people.queries import Known
from booking.reservations import texts
from booking.reservations.forms import moment_from, written
from booking.reservations.wishes import Change
from booking.spaces.queries import AreaChoice

DAYS = 30
STEP = timedelta(minutes=30)
IN_BUILDING, IN_AREA = "building:", "area:"


class WhenForm(PageForm):
    """A day, and from when to when."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {"starts_at": "start", "ends_at": "end"}

    day = SelectField(lazy_gettext("Day"), validate_choice=False)
    start = SelectField(lazy_gettext("Start"), validate_choice=False)
    end = SelectField(lazy_gettext("End"), validate_choice=False)

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)

    def times_asked(self) -> tuple[datetime, datetime]:
        """From when to when; raises InvalidError naming what cannot be read."""
        day = day_from(self.day.data)
        if day is None:
            raise InvalidError({"day": Problem.UNREADABLE})
        return _moment("starts_at", self.start.data, day), _moment("ends_at", self.end.data, day)

    def offer_days(self, today: date) -> None:
        """The next days, and the chosen one."""
        days = [today + timedelta(days=number) for number in range(DAYS)]
        chosen = day_from(self.day.data)
        if chosen is not None and chosen not in days:
            days.append(chosen)
        self.day.choices = [(day.isoformat(), format_day(day)) for day in days]

    def offer_times(self, opens: int, closes: int) -> None:
        """Half-hours between these minutes of the day."""
        midnight = datetime.combine(date(2000, 1, 1), time.min)
        moments = [midnight + timedelta(minutes=minute) for minute in range(opens, closes + 1, 30)]
        clocks = [
            (written(one, midnight.date()), texts.end_clock(midnight, one)) for one in moments
        ]
        self.start.choices = _with(self.start.data, clocks[:-1], midnight.date())
        self.end.choices = _with(self.end.data, clocks[1:], midnight.date())


class MoveForm(WhenForm):
    """To which time all of them go; `seen` is the mark of what the page showed."""

    seen = HiddenField()

    def to_change(self) -> Change:
        """The change; raises InvalidError naming what cannot be read."""
        starts_at, ends_at = self.times_asked()
        return Change(starts_at=starts_at, ends_at=ends_at)


class TogetherForm(WhenForm):
    """How many, when, where, for whom."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {
        **WhenForm.FIELD_OF,
        "area": "where",
        "building": "where",
        "person": "people",
    }

    kind = SelectField(lazy_gettext("Kind"), validate_choice=False)
    count = IntegerField(lazy_gettext("How many places"), [Optional()], default=2)
    where = SelectField(lazy_gettext("Where"), validate_choice=False)
    step_free = BooleanField(lazy_gettext("Only step-free access"))
    as_preferred = BooleanField(lazy_gettext("As I prefer"))
    prefers = HiddenField()  # as in a search
    preferred: tuple[FeatureChoice, ...] | None = None  # what that means, once it was read
    organisation = SelectField(lazy_gettext("Organisation"), validate_choice=False)
    people = SelectMultipleField(
        lazy_gettext("For whom"),
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    title = StringField(lazy_gettext("Purpose"))
    resources = SelectMultipleField(validate_choice=False)  # drawn as hidden fields
    idempotency_key = HiddenField()

    def problem_text(self, field: str, problem: Problem) -> str:
        if field == "count":
            return _("Enter a number of places from 1 to 30.")
        if field == "people":
            return _("Choose at most as many colleagues as places.")
        if field in ("kind", "area", "building"):
            return problem_text(problem)
        return super().problem_text(field, problem)

    def to_wanted(self, preferred: Sequence[str] = ()) -> Wanted:
        """The wish, with what is preferred where it shall decide; raises InvalidError naming what
        cannot be read."""
        starts_at, ends_at = self.times_asked()
        if self.count.process_errors or self.count.data is None:
            raise InvalidError({"count": Problem.OUT_OF_RANGE})
        where = self.where.data or ""
        return Wanted(
            kind=self.kind.data or "",
            count=checked_count(self.count.data),
            starts_at=starts_at,
            ends_at=ends_at,
            area=where.removeprefix(IN_AREA) if where.startswith(IN_AREA) else "",
            building=where.removeprefix(IN_BUILDING) if where.startswith(IN_BUILDING) else "",
            people=ids_from("people", self.people.data or []),
            title=self.title.data or "",
            organisation_id=self.organisation.data or None,
            step_free=bool(self.step_free.data),
            preferred=tuple(preferred) if self.as_preferred.data else (),
        )

    def resource_ids(self) -> tuple[str, ...]:
        """The places that the page showed; raises InvalidError for what is no id."""
        return ids_from("resources", self.resources.data or [])

    def offer(self, park: Park, areas: Sequence[AreaChoice], today: date) -> None:
        """Fill the lists of kinds, days and places."""
        self.kind.choices = [(one.code, name_in(one.names)) for one in park.kinds]
        self.offer_days(today)
        places: dict[str, list[tuple[str, str]]] = {_("The park"): [("", _("Anywhere"))]}
        for building in park.buildings:
            name = name_in(building.names)
            inside = [
                (f"{IN_AREA}{one.code}", f"{name_in(one.floor_names)} · {name_in(one.names)}")
                for one in areas
                if one.building_code == building.code
            ]
            if inside:
                places[name] = [(f"{IN_BUILDING}{building.code}", _("Anywhere in it")), *inside]
        self.where.choices = places

    def offer_people(
        self, organisations: Sequence[tuple[str, str]], people: Sequence[Known]
    ) -> None:
        """One's organisations, and who is in the chosen one."""
        self.organisation.choices = list(organisations)
        self.people.choices = [(one.public_id, one.name) for one in people]


class GiveBackForm(PageForm):
    """Why all of them are given back."""

    reason = TextAreaField(lazy_gettext("Reason"))

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)


def ids_from(field: str, values: Sequence[str]) -> tuple[str, ...]:
    """Public ids; raises InvalidError for what is none."""
    try:
        return tuple(str(UUID(value)) for value in values)
    except ValueError as error:
        raise InvalidError({field: Problem.NOT_FOUND}) from error


def _with(chosen: str | None, clocks: list[tuple[str, str]], day: date) -> list[tuple[str, str]]:
    """What is chosen stands among the choices."""
    if chosen is None or chosen in dict(clocks) or moment_from(chosen, day) is None:
        return clocks
    return [(chosen, chosen), *clocks]


def _moment(field: str, text: str | None, day: date) -> datetime:
    moment = moment_from(text, day)
    if moment is None:
        raise InvalidError({field: Problem.UNREADABLE if text else Problem.MISSING})
    return moment
