"""The form of a closure: what is closed, from when to when, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from booking.closures import queries, words
from booking.closures.queries import Choice
from booking.closures.rules import BY_HAND, Wanted, by_hand
from booking.core.errors import InvalidError, Problem
from booking.core.fields import DayField, NamesField
from booking.core.forms import OnceForm, lazy_gettext
from booking.core.i18n import _, format_minutes_as_clock, name_in
from booking.occupancy.models import ClosureKind
from booking.reservations import texts

QUARTER = 15
OPENS, CLOSES = 8 * 60, 18 * 60  # what an empty form proposes
MOST_CODES = 500
WHOLE = ("building", "floor", "area")


class PlacesField(SelectMultipleField):
    """Check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ClosureForm(OnceForm):
    """What is wished for; `seen` is the mark of whom it would hit."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {
        "resources": "codes",
        "areas": "places",
        "floors": "places",
        "buildings": "places",
        "starts_at": "first_day",
        "ends_at": "last_day",
    }

    kind = RadioField(lazy_gettext("What happens"), validate_choice=False)
    names = NamesField(lazy_gettext("What for"))
    places = PlacesField(lazy_gettext("What is closed"), validate_choice=False)
    codes = StringField(lazy_gettext("Spaces by their codes"))
    first_day = DayField(lazy_gettext("First day"))
    start = SelectField(lazy_gettext("Start"), validate_choice=False)
    last_day = DayField(lazy_gettext("Last day"))
    end = SelectField(lazy_gettext("End"), validate_choice=False)
    seen = HiddenField()

    def problem_text(self, field: str, problem: Problem) -> str:
        name = "areas" if field in ("floors", "buildings") else field
        return words.problem("resources" if name == "codes" else name, problem)

    def offer(self, found: list[Choice]) -> ClosureForm:
        """Fill the lists of choices."""
        self.kind.choices = [(one.value, texts.closure_kind(one)) for one in BY_HAND]
        self.places.choices = [(f"{one.kind}:{one.key}", _in_words(one)) for one in found]
        clocks = [
            (str(minutes), format_minutes_as_clock(minutes))
            for minutes in range(0, 24 * 60 + 1, QUARTER)
        ]
        self.start.choices, self.end.choices = clocks[:-1], clocks[1:]
        return self

    def to_wanted(self) -> Wanted:
        """The wish; raises InvalidError for what cannot be read."""
        chosen = {kind: self._chosen(kind) for kind in (*WHOLE, "space")}
        return Wanted(
            kind=self._kind(),
            names={code: text for code, text in (self.names.data or {}).items() if text},
            starts_at=_moment("starts_at", self.first_day.data, self.start.data),
            ends_at=_moment("ends_at", self.last_day.data, self.end.data),
            resources=tuple(dict.fromkeys((*chosen["space"], *self._by_code()))),
            areas=_keys("areas", chosen["area"]),
            floors=_keys("floors", chosen["floor"]),
            buildings=_keys("buildings", chosen["building"]),
        )

    def _kind(self) -> ClosureKind:
        try:
            return by_hand(ClosureKind(self.kind.data or ""))
        except ValueError as error:
            raise InvalidError({"kind": Problem.MISSING}) from error

    def _chosen(self, kind: str) -> list[str]:
        pairs = (text.partition(":") for text in self.places.data or ())
        return [_checked_key(kind, key) for found, _colon, key in pairs if found == kind]

    def _by_code(self) -> tuple[str, ...]:
        codes = [one for one in re.split(r"[\s,;،]+", self.codes.data or "") if one]
        if len(codes) > MOST_CODES:
            raise InvalidError({"codes": Problem.TOO_MANY})
        if not all(one.isprintable() for one in codes):
            raise InvalidError({"codes": Problem.NOT_FOUND})
        return queries.ids_of(list(dict.fromkeys(codes))) if codes else ()


def _checked_key(kind: str, key: str) -> str:
    if kind != "space":
        return key
    try:
        return str(UUID(key))
    except ValueError as error:
        raise InvalidError({"resources": Problem.NOT_FOUND}) from error


def _keys(field: str, texts: list[str]) -> tuple[int, ...]:
    if not all(map(_is_number, texts)):
        raise InvalidError({field: Problem.NOT_FOUND})
    return tuple(int(text) for text in texts)


def _moment(field: str, day: date | None, minutes: str | None) -> datetime:
    if day is None or not _is_number(minutes or ""):
        raise InvalidError({field: Problem.UNREADABLE})
    number = int(minutes or "")
    if number > 24 * 60:
        raise InvalidError({field: Problem.UNREADABLE})
    return datetime.combine(day, time.min) + timedelta(minutes=number)


def _in_words(found: Choice) -> str:
    name = " · ".join(map(name_in, found.names))
    if found.kind == "space":
        return (
            found.code
            if found.code in name
            else _("%(name)s (%(code)s)", name=name, code=found.code)
        )
    return {
        "building": _("Whole building: %(name)s", name=name),
        "floor": _("Whole floor: %(name)s", name=name),
        "area": _("Whole area: %(name)s", name=name),
    }[found.kind]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
