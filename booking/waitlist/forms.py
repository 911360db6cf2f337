"""The form of whoever wants to wait: which time, for what, where else, and how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from wtforms import BooleanField, HiddenField, SelectField

from booking.core import zones
from booking.core.errors import InvalidError, Problem
from booking.core.forms import OnceForm, lazy_gettext
from booking.core.i18n import _
from booking.core.intervals import Span
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import texts
from booking.reservations.forms import TimesForm, are_seats, moment_from, written
from booking.reservations.wishes import Wish

DAY = timedelta(days=1)
HOURS_BEFORE = ("0", "1", "4", "24", "48")


class WaitForm(OnceForm, TimesForm):
    """What is waited for."""

    organisation = SelectField(lazy_gettext("Organisation"), validate_choice=False)
    any_like = BooleanField(lazy_gettext("Or any space like this one"))
    before = SelectField(lazy_gettext("Wait until"), validate_choice=False, default="0")
    idempotency_key = HiddenField()

    def to_wish(self, place: Place) -> Wish:
        """The wish; raises InvalidError where the times are none."""
        starts_at, ends_at = self.times_asked()
        return Wish(
            (place.spot.public_id,),
            starts_at,
            ends_at,
            self.title.data or "",
            1 if are_seats([place]) else self.headcount_asked(),
            self.organisation.data or None,
        )

    def until(self, place: Place) -> datetime | None:
        """Until when; None for until it begins."""
        if self.before.data not in HOURS_BEFORE:
            raise InvalidError({"before": Problem.UNKNOWN})
        if self.before.data == "0":
            return None
        starts_at, _ends_at = self.times_asked()
        hours = timedelta(hours=int(self.before.data))
        return zones.reached(starts_at, zones.zone(place.spot.zone_name)) - hours

    def offer_choices(self, actor: Actor, place: Place, day: date, spans: Sequence[Span]) -> None:
        """The steps at which the space is open, taken or not, and what else is chosen from."""
        step = timedelta(minutes=place.limits.granularity)
        steps = [moment for span in spans for moment in _steps(span, day, step)]
        self.start.choices = _choices(steps, day, self.start.data)
        ends = [moment + step for moment in steps]
        self.end.choices = _choices(ends, day, self.end.data)
        self.organisation.choices = [
            *((one.public_id, one.name) for one in actor.memberships),
            ("", _("Myself, without an organisation")),
        ]
        self.before.choices = [
            ("0", _("It begins")),
            ("1", _("One hour before it begins")),
            ("4", _("Four hours before it begins")),
            ("24", _("One day before it begins")),
            ("48", _("Two days before it begins")),
        ]


def _steps(span: Span, day: date, step: timedelta) -> list[datetime]:
    opens, closes = span.on(day)
    count = (closes - opens) // step
    return [opens + number * step for number in range(count)]


def _choices(moments: Sequence[datetime], day: date, chosen: str | None) -> list[tuple[str, str]]:
    known = {written(moment, day): moment for moment in moments}
    other = moment_from(chosen, day)
    if other is not None:
        known.setdefault(chosen or "", other)
    midnight = datetime.combine(day, time.min)
    found = sorted(known.items(), key=lambda one: one[1])
    return [(value, texts.end_clock(midnight, moment)) for value, moment in found]
