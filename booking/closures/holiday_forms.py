"""The form of a public holiday: its day, its name, and whether it is announced."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField

from booking.closures.holidays import HolidayDraft
from booking.core.errors import InvalidError, Problem
from booking.core.fields import DayField, NamesField
from booking.core.forms import OnceForm, lazy_gettext
from booking.core.i18n import _


class HolidayForm(OnceForm):
    """What an operator says; `seen` is the mark of whom it would hit."""

    day = DayField(lazy_gettext("Day"))
    names = NamesField(lazy_gettext("Name"))
    is_announced = BooleanField(lazy_gettext("The date is announced"))
    seen = HiddenField()

    def problem_text(self, field: str, problem: Problem) -> str:
        if (field, problem) == ("names", Problem.MISSING):
            return _("Say in one language at least what it is called.")
        if (field, problem) == ("day", Problem.OUT_OF_RANGE):
            return _("This day is past. Choose another.")
        return super().problem_text(field, problem)

    def to_draft(self) -> HolidayDraft:
        """What was typed; raises InvalidError where there is no day."""
        if self.day.data is None:
            raise InvalidError({"day": Problem.UNREADABLE})
        names = {code: text for code, text in (self.names.data or {}).items() if text}
        return HolidayDraft(self.day.data, names, bool(self.is_announced.data))
