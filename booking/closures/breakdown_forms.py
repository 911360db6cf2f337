"""The forms of a space that is out of order: why, and when it is expected back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import ClassVar

from wtforms import HiddenField, SelectField, StringField

from booking.core.errors import InvalidError, Problem
from booking.core.fields import DayField
from booking.core.forms import OnceForm, lazy_gettext
from booking.core.i18n import _, format_minutes_as_clock
from booking.reservations import texts

QUARTER, DAY_MINUTES = 15, 24 * 60


class ExpectedForm(OnceForm):
    """When it is expected back; `seen` is the mark of whom it would hit."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {"expected_back": "day", "ends_at": "day"}

    day = DayField(lazy_gettext("Expected back on"))
    hour = SelectField(lazy_gettext("Expected back at"), validate_choice=False)
    seen = HiddenField()

    def problem_text(self, field: str, problem: Problem) -> str:
        if field in ("expected_back", "ends_at") and problem is not Problem.UNREADABLE:
            return _("Choose a time that is to come, within two years.")
        if (field, problem) == ("resource", Problem.REUSED):
            return _("This space is out of order already.")
        return texts.problem(field, problem)

    def offer(self) -> ExpectedForm:
        """Fill the list of times."""
        clocks = range(0, DAY_MINUTES, QUARTER)
        self.hour.choices = [(str(one), format_minutes_as_clock(one)) for one in clocks]
        return self

    def expected_back(self) -> datetime:
        """The time on the clock of the site; raises InvalidError."""
        text = self.hour.data or ""
        minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else DAY_MINUTES
        if self.day.data is None or minutes >= DAY_MINUTES:
            raise InvalidError({"expected_back": Problem.UNREADABLE})
        return datetime.combine(self.day.data, time.min) + timedelta(minutes=minutes)


class BreakdownForm(ExpectedForm):
    """The same with what is wrong."""

    reason = StringField(lazy_gettext("What is wrong"))
