"""The field in which an operator says how a room can be set out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import Field
from wtforms.fields.core import unset_value  # type: ignore[attr-defined]  # newer than the stubs

from booking.core.errors import Problem
from booking.core.fields import LARGEST_NUMBER
from booking.core.forms import problem_text
from booking.core.i18n import _, format_duration, ngettext
from booking.core.layout_texts import layouts_in_words
from booking.core.refusals import LayoutKind
from booking.spaces.drafts import LayoutDraft


@dataclass(frozen=True)
class Row:
    """One layout with what stands in its two inputs; both empty where it is not offered."""

    kind: LayoutKind
    name: str
    capacity: str = ""
    setup_minutes: str = ""

    @property
    def is_offered(self) -> bool:
        """Whether anything is said of it."""
        return bool(self.capacity or self.setup_minutes)

    def draft(self) -> LayoutDraft:
        """What is said; raises ValueError with what is wrong."""
        if not self.capacity:
            raise ValueError(_("%(layout)s: say for how many people.", layout=self.name))
        return LayoutDraft(
            kind=self.kind,
            capacity=_number(self.capacity),
            setup_minutes=_number(self.setup_minutes or "0"),
        )


class LayoutsField(Field):
    """How many people each layout takes, and how many minutes it takes to set up: two inputs for
    each, `layouts.theatre.capacity` and `layouts.theatre.setup`."""

    data: tuple[LayoutDraft, ...]
    sent: Mapping[LayoutKind, tuple[str, str]]

    def process(
        self,
        formdata: Any,  # Any: as werkzeug or WTForms hand over what was sent
        data: Any = unset_value,  # Any: what the form was made with
        extra_filters: Sequence[Any] | None = None,  # Any: functions of WTForms
    ) -> None:
        """Read the inputs where they were sent."""
        super().process(None, data, extra_filters)
        self.data = tuple(self.data or ())
        self.sent = {}
        if formdata and f"{self.name}.{LayoutKind.THEATRE}.capacity" in formdata:
            self.sent = {kind: self._typed(formdata, kind) for kind in LayoutKind}
            try:
                self.data = tuple(row.draft() for row in self.rows if row.is_offered)
            except ValueError as error:
                self.process_errors = [*self.process_errors, str(error)]

    def _typed(self, formdata: Any, kind: LayoutKind) -> tuple[str, str]:  # Any: as above
        capacity, minutes = (
            (formdata.get(f"{self.name}.{kind}.{what}") or "").strip()
            for what in ("capacity", "setup")
        )
        return capacity, minutes

    @property
    def rows(self) -> list[Row]:
        """Every layout with what was typed, else with what is stored."""
        stored = {one.kind: (str(one.capacity), str(one.setup_minutes)) for one in self.data}
        known = self.sent or stored
        return [
            Row(kind, name, *known.get(kind, ("", ""))) for kind, name in layouts_in_words().items()
        ]

    @property
    def in_words(self) -> str:
        """What is offered, for somebody who compares."""
        names = layouts_in_words()
        return ", ".join(
            "{} ({}, {})".format(
                names[one.kind],
                ngettext("%(num)s person", "%(num)s people", one.capacity),
                format_duration(one.setup_minutes),
            )
            for one in self.data
        )


def _number(text: str) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise ValueError(problem_text(Problem.UNREADABLE)) from error
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(problem_text(Problem.OUT_OF_RANGE))
    return number
