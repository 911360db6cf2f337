"""What holder and booker of a series are told: one message about all of its dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from booking.core import web
from booking.core.events import Happened
from booking.core.i18n import _, format_day
from booking.messages import queries as messages
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.reservations import notices, series_texts, texts
from booking.reservations.models import Series, SkipReason, State
from booking.reservations.queries import Details, series_by_id, skips_of


@dataclass(frozen=True)
class Dates:
    """A series with its reservations and what was left out."""

    series: Series
    reservations: tuple[Details, ...]
    skips: tuple[tuple[datetime, SkipReason], ...]

    @property
    def next(self) -> Details:
        """The next one that stands, for whom and where; else the first."""
        live = [one for one in self.reservations if one.is_live and not notices.is_over(one)]
        return (live or self.reservations)[0]


def tell(happened: Happened) -> None:
    """Plan the one message to holders and bookers."""
    found = series_by_id(happened.subject)
    if found is None:
        return
    people = dict.fromkeys(
        person_id for one in found[1] for person_id in notices.recipients_of(one)
    )
    planner.plan(
        [
            Key(MessageKind.SERIES, happened.subject, happened.version, person_id, happened.at)
            for person_id in people
        ]
    )


def _dates(key: Key) -> Dates | None:
    found = series_by_id(key.subject)
    if found is None or not found[1]:
        return None
    series, reservations = found
    return Dates(series, tuple(reservations), tuple(skips_of(series.id)))


def _still_true(key: Key, dates: Dates) -> bool:
    """Whoever is told is still concerned, a date is ahead, and nothing newer says it all."""
    ahead = [
        one
        for one in dates.reservations
        if not notices.is_over(one) and key.recipient_id in notices.recipients_of(one)
    ]
    return bool(ahead) and not messages.has_newer(key, {MessageKind.SERIES})


def _letter(dates: Dates, recipient: Recipient) -> Letter:
    first = dates.next
    page = web.public_url("series.show", public_id=dates.series.public_id)
    return Letter(
        title=_(
            "Recurring reservation: %(place)s, from %(start)s",
            place=notices.place_in_words(first.place),
            start=texts.day_and_clock(dates.series.local.starts_at),
        ),
        opening=notices.for_whom(first, recipient, _opening(dates)),
        sections=(_about(dates), _every_date(dates)),
        links=(
            Link(_("See all dates of this series"), page),
            Link(_("See all your reservations in your calendar"), web.public_url("profile.show")),
        ),
    )


def _opening(dates: Dates) -> str:
    if any(one.state is State.PENDING for one in dates.reservations):
        return _("Your request for these dates is with the people who decide.")
    return _("These dates are reserved.")


def _about(dates: Dates) -> Section:
    series, first = dates.series, dates.next
    lines = [
        Line(_("Space"), notices.places_in_words(first.places)),
        Line(_("Where"), texts.where_all(first.places)),
        Line(
            _("Repeats"),
            series_texts.repetition(series.repetition, series.local.starts_at.date()),
        ),
        Line(_("Purpose"), first.title),
        Line(_("Booked for"), notices.holder(first)),
    ]
    return Section(tuple(line for line in lines if line.value))


def _every_date(dates: Dates) -> Section:
    """By day: what stands on it, or why nothing does."""
    usual = dates.next.resource_ids
    found = [
        (one.series_start or one.local.starts_at, _line(one, usual)) for one in dates.reservations
    ]
    found += [
        (start, Line(format_day(start), series_texts.skipped(reason)))
        for start, reason in dates.skips
    ]
    lines = tuple(line for _start, line in sorted(found, key=lambda pair: pair[0]))
    return Section(lines, _("Dates"))


def _line(one: Details, usual: frozenset[int]) -> Line:
    said = [texts.clock_range(one.local)]
    if one.resource_ids != usual:
        said.append(texts.codes(one.places))
    if one.state in (State.CANCELLED, State.DECLINED, State.EXPIRED):
        said.append(texts.state(one.state))
    return Line(format_day(one.local.starts_at), " · ".join(said))


SERIES = MessageType(_dates, _still_true, _letter)
