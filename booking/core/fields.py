"""Fields that the pages share: a text in three languages, a length of time, numbers, days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from wtforms import Field
from wtforms.fields.core import unset_value  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import Optional
from wtforms.widgets import TextInput

from booking.core import months
from booking.core.errors import Problem
from booking.core.forms import problem_text
from booking.core.i18n import _
from booking.core.texts import LANGUAGES
from booking.core.zones import EARLIEST_YEAR, LATEST_YEAR

MINUTES_OF = {"minutes": 1, "hours": 60, "days": 24 * 60}
LARGEST_NUMBER = 2**31 - 1


class NamesField(Field):
    """A text by language: one input each, `names.fr`, `names.ar`, `names.en`."""

    def __init__(self, label: str = "", *, multiline: bool = False, **kwargs: Any) -> None:
        # Any: what every field of WTForms takes
        super().__init__(label, **kwargs)
        self.multiline = multiline

    def process(
        self,
        formdata: Any,  # Any: as werkzeug or WTForms hand over what was sent
        data: Any = unset_value,  # Any: what the form was made with
        extra_filters: Sequence[Any] | None = None,  # Any: functions of WTForms
    ) -> None:
        """Read the three inputs where they were sent."""
        super().process(None, data, extra_filters)
        sent = {code: formdata.get(f"{self.name}.{code}") for code in LANGUAGES} if formdata else {}
        if any(text is not None for text in sent.values()):
            self.data = {code: text or "" for code, text in sent.items()}
        self.raw_data = [text for text in (self.data or {}).values() if text]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Each language with what stands in its input."""
        data: Mapping[str, str] = self.data or {}
        return [(code, data.get(code, "")) for code in LANGUAGES]


class NumberField(Field):
    """A whole number."""

    widget = TextInput()
    data: Any  # each field reads its own type

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:  # Any: as WTForms has it
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            if not _is_optional(self):
                raise ValueError(problem_text(Problem.MISSING))
            return
        self.data = self.read(text)

    def read(self, text: str) -> Any:  # Any: each field reads its own type
        """The value of what was typed; raises ValueError with what is wrong."""
        try:
            number = int(text)
        except ValueError as error:
            raise ValueError(problem_text(Problem.UNREADABLE)) from error
        if abs(number) > LARGEST_NUMBER:
            raise ValueError(problem_text(Problem.OUT_OF_RANGE))
        return number


class DegreesField(NumberField):
    """A coordinate: degrees with a decimal point or comma."""

    def read(self, text: str) -> float:
        try:
            degrees = float(text.replace(",", "."))
        except ValueError as error:
            raise ValueError(problem_text(Problem.UNREADABLE)) from error
        if not math.isfinite(degrees):
            raise ValueError(problem_text(Problem.OUT_OF_RANGE))
        return degrees


class DayField(NumberField):
    """A day as it is typed: 24/11/2026. A browser's own date field would follow the browser's
    language and not the page's."""

    def _value(self) -> str:
        if isinstance(self.data, date):
            return months.as_typed(self.data)
        return str(self.raw_data[0]) if self.raw_data else ""

    def read(self, text: str) -> date:
        day = months.typed_day(text)
        if day is None or not EARLIEST_YEAR <= day.year < LATEST_YEAR:
            raise ValueError(day_problem())
        return day


def day_problem() -> str:
    """What is wrong with a day that cannot be read."""
    return _("Write a day between 2000 and 2099 like this: 24/11/2026.")


class DurationField(NumberField):
    """A length of time in minutes, shown as a number and its unit: two inputs of one name."""

    def process_formdata(self, valuelist: list[Any]) -> None:  # Any: as WTForms has it
        self.unit_sent = valuelist[1] if len(valuelist) > 1 else ""
        super().process_formdata(valuelist[:1])

    def read(self, text: str) -> int:
        minutes = super().read(text) * MINUTES_OF.get(self.unit_sent, 1)
        if not 0 <= minutes <= LARGEST_NUMBER:
            raise ValueError(problem_text(Problem.OUT_OF_RANGE))
        return int(minutes)

    @property
    def unit(self) -> str:
        """The unit chosen, or the largest that the minutes are whole in."""
        sent: str = getattr(self, "unit_sent", "")
        if sent in MINUTES_OF:
            return sent
        if self.data is None and _is_optional(self):
            return "hours"
        minutes = self.data if isinstance(self.data, int) else 0
        whole = [unit for unit, size in MINUTES_OF.items() if minutes and minutes % size == 0]
        return whole[-1] if whole else "minutes"

    @property
    def number(self) -> str:
        """How many of them."""
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None and _is_optional(self):
            return ""
        minutes = self.data if isinstance(self.data, int) else 0
        return str(minutes // MINUTES_OF[self.unit])


def _is_optional(field: Field) -> bool:
    return any(isinstance(one, Optional) for one in field.validators)
