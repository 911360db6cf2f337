"""What the page of figures is asked: read from its address, with a month as it stands by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar, TypeVar

from wtforms import HiddenField, SelectField, StringField

from booking.core.errors import InvalidError, Problem
from booking.core.fields import day_problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, name_in
from booking.core.months import FIRST_DAY, LAST_DAY, as_typed, as_written
from booking.reports.queries import Called
from booking.reports.rules import By, Period
from booking.reports.usage import Choices, Question, View

Option = TypeVar("Option", bound=StrEnum)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day(field: str, text: str) -> date:
    """A day such as 2026-10-05; raises InvalidError for anything else."""
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise InvalidError({field: Problem.UNREADABLE})
    if not FIRST_DAY <= found <= LAST_DAY:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    return found


def month_of(within: date) -> Period:
    """The whole month in which a day lies."""
    first = within.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def period_from(first: str, last: str, today: date) -> Period:
    """Both days included; without any, the month that runs."""
    month = month_of(today)
    return Period(
        day("from", first) if first else month.first, day("to", last) if last else month.last
    )


class PeriodForm(PageForm):
    """The first and the last day of a period."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {"from": "since", "to": "until"}

    since = StringField(lazy_gettext("First day"), name="from")
    until = StringField(lazy_gettext("Last day"), name="to")

    def to_period(self, today: date) -> Period:
        """What is asked; raises InvalidError for fields that cannot be read."""
        first, last = (as_written(field.data or "") for field in (self.since, self.until))
        period = period_from(first, last, today)
        self.since.data, self.until.data = as_typed(period.first), as_typed(period.last)
        return period

    def problem_text(self, field: str, problem: Problem) -> str:
        if field in self.FIELD_OF and problem in (Problem.UNREADABLE, Problem.OUT_OF_RANGE):
            return day_problem()
        if field == "to" and problem is Problem.ENDS_BEFORE_IT_STARTS:
            return _("The last day lies before the first. Choose a later one.")
        if field == "to" and problem is Problem.TOO_LONG:
            return _("A period can be a year long at most. Choose an earlier last day.")
        return super().problem_text(field, problem)


class FiguresForm(PeriodForm):
    """The period, and what the figures are narrowed to."""

    kind = SelectField(lazy_gettext("Kind of space"), validate_choice=False)
    building = SelectField(lazy_gettext("Building"), validate_choice=False)
    organisation = SelectField(lazy_gettext("Organisation"), validate_choice=False)
    by = HiddenField()
    view = HiddenField()

    def to_question(self, today: date) -> Question:
        """What is asked; raises InvalidError for fields that cannot be read."""
        return Question(
            period=self.to_period(today),
            by=_one_of(By, "by", self.by.data) or By.KIND,
            view=_one_of(View, "view", self.view.data),
            kind=self.kind.data or "",
            building=self.building.data or "",
            organisation=self.organisation.data or "",
        )

    def offer(self, choices: Choices) -> None:
        """What can be chosen from."""
        self.kind.choices = _options(_("All kinds"), choices.kinds)
        self.building.choices = _options(_("All buildings"), choices.buildings)
        self.organisation.choices = _options(_("All organisations"), choices.organisations)


def _options(all_of_them: str, choices: Iterable[Called]) -> list[tuple[str, str]]:
    return [("", all_of_them), *((one.code, name_in(one.names)) for one in choices)]


def _one_of(options: type[Option], field: str, text: str | None) -> Option | None:
    try:
        return options(text) if text else None
    except ValueError as error:
        raise InvalidError({field: Problem.UNKNOWN}) from error
