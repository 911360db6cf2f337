"""The forms of booking, changing and cancelling: what was typed becomes a wish or a change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

from flask import request
from msgspec import UNSET, UnsetType
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

from booking.core.errors import InvalidError, NotOfferedError, Problem
from booking.core.fields import DayField, NumberField
from booking.core.forms import OnceForm, PageForm, lazy_gettext
from booking.core.i18n import _, format_day, name_in
from booking.core.intervals import LocalInterval
from booking.core.months import FIRST_DAY, LAST_DAY, day_from
from booking.core.permissions import Actor
from booking.core.refusals import LayoutKind
from booking.people.queries import Known
from booking.policies.facts import Place, laid_out
from booking.reservations import texts
from booking.reservations.availability import Stretch
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, MonthlyBy, Repetition
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Behaviour
from booking.spaces.words import weekday_name

DAY = timedelta(days=1)
ADD, LEAVE_OUT = "add", "leave_out"  # the names of the buttons that only change the spaces
IN = "@"  # a person in an organisation
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")


def moment_from(text: str | None, day: date) -> datetime | None:
    """A time of the day, 24:00 for its end, or a date and a time; None for anything else."""
    if text is None:
        return None
    clock = _CLOCK.fullmatch(text)
    try:
        if clock:
            minutes = int(clock[1]) * 60 + int(clock[2])
            midnight = datetime.combine(day, time.min)
            return midnight + timedelta(minutes=minutes) if minutes <= 1440 else None
        moment = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None
    return moment if moment and FIRST_DAY <= moment.date() <= LAST_DAY + DAY else None


def written(moment: datetime, day: date) -> str:
    """The shortest form that `moment_from` reads back."""
    if moment.date() == day:
        return f"{moment:%H:%M}"
    if moment == datetime.combine(day + timedelta(days=1), time.min):
        return "24:00"
    return moment.isoformat(timespec="minutes")


Choice = tuple[str, str]

EVERY: Mapping[str, tuple[Every, MonthlyBy]] = {
    "day": (Every.DAY, MonthlyBy.DATE),
    "week": (Every.WEEK, MonthlyBy.DATE),
    "month": (Every.MONTH, MonthlyBy.DATE),
    "month_weekday": (Every.MONTH, MonthlyBy.WEEKDAY),
    "month_last_weekday": (Every.MONTH, MonthlyBy.LAST_WEEKDAY),
}


class ReservationForm(PageForm):
    """A form about a reservation."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {
        "starts_at": "start",
        "ends_at": "end",
        "resources": "resource",
    }

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)

    def show(self, error: InvalidError) -> None:
        """Of a layout that is not offered, say which are."""
        if isinstance(error, NotOfferedError) and "layout" in self:
            field = self["layout"]
            field.errors = [*field.errors, texts.not_offered(error.offered)]
        else:
            super().show(error)


class LayoutForm(ReservationForm):
    """How the rooms are set out."""

    layout = SelectField(lazy_gettext("Layout"), choices=[], validate_choice=False)

    def layout_asked(self) -> LayoutKind | None:
        """The chosen one; raises InvalidError for what is none."""
        try:
            return LayoutKind(self.layout.data) if self.layout.data else None
        except ValueError as error:
            raise InvalidError({"layout": Problem.UNKNOWN}) from error

    def layout_wanted(
        self, places: Sequence[Place], before: Details
    ) -> LayoutKind | UnsetType | None:
        """The chosen one for a reservation that changes; where the page offered none it stays as
        it is, and other rooms are as they stand."""
        if self.layout.data is not None:
            return self.layout_asked()
        keeps_places = {place.resource_id for place in places} <= before.resource_ids
        return UNSET if keeps_places else None

    def set_out(self, places: Sequence[Place]) -> tuple[Place, ...]:
        """The places as the form has them set out."""
        known = {one.value for one in LayoutKind}
        data = self.layout.data
        return laid_out(places, LayoutKind(data) if data in known else None)

    def offer_layouts(self, places: Sequence[Place], kept: LayoutKind | None = None) -> None:
        """As the rooms stand, and every layout that one of them offers; `kept` stays among them
        although it may no longer be offered. Nothing, where there is nothing to choose."""
        offered = {one.kind for place in places for one in place.layouts}
        kinds = [kind for kind in LayoutKind if kind in offered or kind is kept]
        self.layout.choices = [
            ("" if kind is None else kind.value, texts.layout_line(kind, places))
            for kind in (None, *kinds)
            if kinds
        ]


class TimesForm(LayoutForm):
    """Start, end, title, layout and number of people: what booking and changing share."""

    resource = HiddenField()
    also = SelectMultipleField(validate_choice=False)  # drawn as hidden fields, one for each
    more = SelectField(lazy_gettext("Another space or machine"), validate_choice=False)
    day = HiddenField()
    start = SelectField(lazy_gettext("Start"), validate_choice=False)
    end = SelectField(lazy_gettext("End"), validate_choice=False)
    title = StringField(lazy_gettext("Purpose"))
    headcount = IntegerField(
        lazy_gettext("Number of people"), [Optional()], default=1
    )  # a desk has no such field

    def codes(self) -> list[str]:
        """The spaces as the form names them, after its buttons to add one and to leave one out."""
        codes = [self.resource.data or "", *(self.also.data or [])]
        if self.turns_to_spaces() and self.more.data:
            codes.append(self.more.data)
        left_out = request.form.get(LEAVE_OUT)
        kept = [code for code in dict.fromkeys(codes) if code and code != left_out]
        return kept or codes[:1]

    def turns_to_spaces(self) -> bool:
        """Whether a button was used that only adds or leaves out a space."""
        return ADD in request.form or LEAVE_OUT in request.form

    def offer_spaces(self, places: Sequence[Place], others: Sequence[Place]) -> None:
        """Name the chosen ones, and the rooms and machines that could be added, by kind."""
        self.resource.data, *self.also.data = (place.spot.code for place in places)
        chosen = {place.resource_id for place in places}
        groups: dict[str, list[Choice]] = {}
        for other in others:
            if other.resource_id not in chosen and other.spot.behaves is not Behaviour.SEAT:
                label = f"{other.spot.code} · {name_in(other.spot.names)}"
                kind = name_in(other.spot.kind_names)
                groups.setdefault(kind, []).append((other.spot.code, label))
        self.more.choices = groups
        self.more.data = None

    def day_asked(self) -> date:
        """The day; raises InvalidError where it is none."""
        day = day_from(self.day.data)
        if day is None:
            raise InvalidError({"day": Problem.UNREADABLE})
        return day

    def times_asked(self) -> tuple[datetime, datetime]:
        """Start and end; raises InvalidError naming each that is missing or unreadable."""
        day = self.day_asked()
        found: dict[str, datetime] = {}
        problems: dict[str, Problem] = {}
        for field in (self.start, self.end):
            moment = moment_from(field.data, day)
            if moment is None:
                problems[field.name] = Problem.UNREADABLE if field.data else Problem.MISSING
            else:
                found[field.name] = moment
        if problems:
            raise InvalidError(problems)
        return found["start"], found["end"]

    def headcount_asked(self) -> int:
        """How many people; raises InvalidError for what is no number."""
        if self.headcount.errors or self.headcount.process_errors:
            raise InvalidError({"headcount": Problem.OUT_OF_RANGE})
        return 1 if self.headcount.data is None else self.headcount.data

    def offer_times(self, stretches: Sequence[Stretch], day: date) -> None:
        """Fill both lists with what is open and free, and with what is chosen already."""
        self.start.choices = _choices(
            [(stretch, stretch.starts) for stretch in stretches], day, self.start.data
        )
        self.end.choices = _choices(
            [(stretch, stretch.ends) for stretch in stretches], day, self.end.data
        )


class RepeatForm(TimesForm):
    """How what is wished for repeats."""

    repeat = SelectField(lazy_gettext("Repeat"), validate_choice=False)
    interval = NumberField(
        lazy_gettext("Every how many days, weeks or months"), validators=[Optional()], default=1
    )
    weekdays = SelectMultipleField(
        lazy_gettext("On these days of the week"),
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    until = DayField(lazy_gettext("Last day"), validators=[Optional()])
    count = NumberField(lazy_gettext("Or number of dates"), validators=[Optional()])
    skips_closed = BooleanField(lazy_gettext("Skip closed days and public holidays"), default=True)

    @property
    def repeats(self) -> bool:
        """Whether more than one date is wished for."""
        return bool(self.repeat.data)

    def repetition_asked(self) -> Repetition:
        """Which days; raises InvalidError for what cannot be read."""
        every = EVERY.get(self.repeat.data or "")
        if every is None:
            raise InvalidError({"repeat": Problem.UNKNOWN})
        unreadable = {
            field.name: Problem.OUT_OF_RANGE if field is not self.until else Problem.UNREADABLE
            for field in (self.interval, self.until, self.count)
            if field.process_errors
        }
        if unreadable:
            raise InvalidError(unreadable)
        return Repetition(
            every[0],
            1 if self.interval.data is None else self.interval.data,
            self._weekdays() if every[0] is Every.WEEK else frozenset(),
            every[1],
            self.until.data,
            self.count.data,
            bool(self.skips_closed.data),
        )

    def offer_repetitions(self) -> None:
        """The ways to repeat, and the days of the week."""
        self.repeat.choices = [
            ("", _("No repetition")),
            ("day", _("Daily")),
            ("week", _("Weekly")),
            ("month", _("Monthly, on the same date")),
            ("month_weekday", _("Monthly, on the same day of the same week, as the 2nd Tuesday")),
            ("month_last_weekday", _("Monthly, on the last such day of the week")),
        ]
        self.weekdays.choices = [(str(day), weekday_name(day)) for day in range(7)]

    def _weekdays(self) -> frozenset[int]:
        chosen = self.weekdays.data or []
        if not set(chosen) <= set("0123456"):
            raise InvalidError({"weekdays": Problem.OUT_OF_RANGE})
        return frozenset(map(int, chosen))


class BookForm(RepeatForm):
    """What is wished for."""

    person = SelectField(lazy_gettext("Booked for"), validate_choice=False)
    email = StringField(lazy_gettext("Or for anybody, by e-mail address"))
    guest = StringField(lazy_gettext("Or for a guest without an account, by name"))
    organisation = SelectField(lazy_gettext("Organisation"), validate_choice=False)
    idempotency_key = HiddenField()

    def to_wish(self, places: Sequence[Place]) -> Wish:
        """The wish; raises InvalidError where the times are none."""
        starts_at, ends_at = self.times_asked()
        person_id, organisation_id = self.holder_asked()
        guest = self.guest_asked()
        return Wish(
            resources=tuple(place.spot.public_id for place in places),
            starts_at=starts_at,
            ends_at=ends_at,
            title=self.title.data or "",
            headcount=1 if are_seats(places) else self.headcount_asked(),
            organisation_id=None if guest and not person_id else organisation_id,
            person_id=person_id,
            guest=guest,
            layout=self.layout_asked(),
        )

    def guest_asked(self) -> str:
        """Somebody without an account; blanks are nobody."""
        return (self.guest.data or "").strip()

    def holder_asked(self) -> tuple[str | None, str | None]:
        """For whom, and in which organisation; a colleague is chosen together with it."""
        if not self.person.data:
            return None, self.organisation.data or None
        return colleague_from(self.person.data)

    def offer_people(self, actor: Actor, colleagues: Sequence[Known]) -> None:
        """Oneself, then the colleagues by organisation."""
        self.person.choices = {
            _("Myself"): [("", actor.name)],
            **colleague_choices(actor, colleagues),
        }

    def offer_organisations(self, actor: Actor) -> None:
        """The person's own, and nobody but the person."""
        self.organisation.choices = [
            *((one.public_id, one.name) for one in actor.memberships),
            ("", _("Myself, without an organisation")),
        ]


def sent() -> list[tuple[str, str]]:
    """The wish as it was sent, for a form beside it."""
    unsent = ("csrf_token", "idempotency_key", "reason")
    return [pair for pair in request.form.items(multi=True) if pair[0] not in unsent]


class ExceptionForm(OnceForm, ReservationForm):
    """Why the rules are set aside; the wish itself comes beside it, as the form had it."""

    reason = TextAreaField(lazy_gettext("Why the rules are set aside"))


class ChangeForm(TimesForm):
    """What shall be different."""

    version = HiddenField()

    def seen_version(self) -> int:
        """The version that the page showed."""
        return _version_from(self.version.data)

    def to_change(self, places: Sequence[Place], before: Details) -> Change:
        """The change; raises InvalidError where the times are none."""
        starts_at, ends_at = self.times_asked()
        return Change(
            resources=tuple(place.spot.public_id for place in places),
            starts_at=starts_at,
            ends_at=ends_at,
            title=self.title.data or "",
            headcount=None if are_seats(places) else self.headcount_asked(),
            layout=self.layout_wanted(places, before),
        )


def are_seats(places: Sequence[Place]) -> bool:
    """Whether each is for one person, so that nobody is asked how many come."""
    return all(
        place.spot.behaves is Behaviour.SEAT or (place.spot.units > 1 and place.spot.capacity == 1)
        for place in places
    )


def _version_from(text: str | None) -> int:
    """0, which none has, for what is no number."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else 0


def colleague_choices(actor: Actor, colleagues: Sequence[Known]) -> dict[str, list[Choice]]:
    """The colleagues by organisation; each choice names both."""
    choices: dict[str, list[Choice]] = {}
    for own in actor.memberships:
        choices[own.name] = [
            (f"{one.public_id}{IN}{own.public_id}", one.name)
            for one in colleagues
            if one.person_id != actor.person_id
            and own.organisation_id in {belongs.organisation_id for belongs in one.memberships}
        ]
    return {name: people for name, people in choices.items() if people}


def colleague_from(value: str) -> tuple[str, str]:
    """The public ids of a person and an organisation from such a choice; raises InvalidError."""
    try:
        person_id, organisation_id = (str(UUID(part)) for part in value.split(IN))
    except ValueError as error:
        raise InvalidError({"person": Problem.NOT_FOUND}) from error
    return person_id, organisation_id


class TransferForm(ReservationForm):
    """To which colleague it goes."""

    version = HiddenField()
    person = SelectField(lazy_gettext("Colleague"), choices=[], validate_choice=False)

    def chosen_person(self) -> str:
        """The public id of a person, whoever it is; raises InvalidError for anything else."""
        try:
            return str(UUID(self.person.data or ""))
        except ValueError as error:
            raise InvalidError({"person": Problem.NOT_FOUND}) from error

    def seen_version(self) -> int:
        """As in a change."""
        return _version_from(self.version.data)


class CancelForm(ReservationForm):
    """Why it is given back."""

    reason = TextAreaField(lazy_gettext("Reason"))


def values_of(before: Details, day: date) -> dict[str, object]:
    """What the form of a change shows first: the reservation as it stands."""
    return {
        "day": day.isoformat(),
        "start": written(before.local.starts_at, day),
        "end": written(before.local.ends_at, day),
        "title": before.title,
        "headcount": before.headcount,
        **({} if before.layout is None else {"layout": before.layout.value}),
        "version": str(before.version),
    }


def values_of_local(local: LocalInterval) -> dict[str, str]:
    """A time as the fields of a form."""
    day = local.starts_at.date()
    return {
        "day": day.isoformat(),
        "start": written(local.starts_at, day),
        "end": written(local.ends_at, day),
    }


def _choices(
    offered: Sequence[tuple[Stretch, Sequence[datetime]]], day: date, chosen: str | None
) -> dict[str, list[Choice]] | list[Choice]:
    """Times by the free stretch they lie in; one stretch needs no heading."""
    groups: dict[str, list[Choice]] = {}
    for stretch, moments in offered:
        for moment in moments:
            groups.setdefault(_heading(stretch, moment, day), []).append(
                (written(moment, day), texts.end_clock(datetime.combine(day, time.min), moment))
            )
    known = {value for choices in groups.values() for value, _label in choices}
    missing = moment_from(chosen, day) if chosen and chosen not in known else None
    if missing is not None:
        label = texts.end_clock(datetime.combine(day, time.min), missing)
        groups = {_("Chosen, but not free"): [(chosen or "", label)], **groups}
    if not groups:
        return []
    return groups if len(groups) > 1 else next(iter(groups.values()))


def _heading(stretch: Stretch, moment: datetime, day: date) -> str:
    next_midnight = datetime.combine(day + timedelta(days=1), time.min)
    if moment > next_midnight:
        return format_day(moment)
    return _(
        "Free from %(start)s to %(end)s",
        start=f"{stretch.starts_at:%H:%M}",
        end=texts.end_clock(datetime.combine(day, time.min), min(stretch.ends_at, next_midnight)),
    )


class AnswerForm(OnceForm, ReservationForm):
    """What is answered to a question about a request."""

    text = TextAreaField(lazy_gettext("Your answer"))
