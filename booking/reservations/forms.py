"""The forms of booking, changing and cancelling: what was typed becomes a wish or a change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from booking.core.errors import InvalidError, Problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, format_day
from booking.core.intervals import LocalInterval
from booking.core.months import FIRST_DAY, LAST_DAY
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import texts
from booking.reservations.availability import Stretch
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Behaviour

DAY = timedelta(days=1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")


def day_from(text: str | None) -> date | None:
    """A day as the pages write it; None for anything else."""
    if text is None or not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


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


class ReservationForm(PageForm):
    """A form about a reservation."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {
        "starts_at": "start",
        "ends_at": "end",
        "resources": "resource",
    }

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)


class TimesForm(ReservationForm):
    """Start, end, title and number of people: what booking and changing share."""

    resource = HiddenField()
    day = HiddenField()
    start = SelectField(lazy_gettext("Start"), validate_choice=False)
    end = SelectField(lazy_gettext("End"), validate_choice=False)
    title = StringField(lazy_gettext("Purpose"))
    headcount = IntegerField(
        lazy_gettext("Number of people"), [Optional()], default=1
    )  # a desk has no such field

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


class BookForm(TimesForm):
    """What is wished for."""

    organisation = SelectField(lazy_gettext("For"), validate_choice=False)
    idempotency_key = HiddenField()

    def to_wish(self, place: Place) -> Wish:
        """The wish; raises InvalidError where the times are none."""
        starts_at, ends_at = self.times_asked()
        return Wish(
            resource_id=place.spot.public_id,
            starts_at=starts_at,
            ends_at=ends_at,
            title=self.title.data or "",
            headcount=1 if place.spot.behaves is Behaviour.SEAT else self.headcount_asked(),
            organisation_id=self.organisation.data or None,
        )

    def offer_organisations(self, actor: Actor) -> None:
        """The person's own, and nobody but the person."""
        self.organisation.choices = [
            *((one.public_id, one.name) for one in actor.memberships),
            ("", _("Myself, without an organisation")),
        ]


class ChangeForm(TimesForm):
    """What shall be different."""

    version = HiddenField()

    def seen_version(self) -> int:
        """The version that the page showed; 0, which none has, for what is no number."""
        text = self.version.data or ""
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0

    def to_change(self, place: Place) -> Change:
        """The change; raises InvalidError where the times are none."""
        starts_at, ends_at = self.times_asked()
        seat = place.spot.behaves is Behaviour.SEAT
        return Change(
            resource_id=place.spot.public_id,
            starts_at=starts_at,
            ends_at=ends_at,
            title=self.title.data or "",
            headcount=None if seat else self.headcount_asked(),
        )


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


Choice = tuple[str, str]


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
