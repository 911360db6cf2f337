"""What holder and booker of a series are told: one message about all of its dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from booking.core import web
from booking.core.events import Happened
from booking.core.i18n import _, format_day
from booking.core.intervals import LocalInterval
from booking.core.layout_texts import layout_in_words
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.reservations import notices, series_acts, series_texts, texts
from booking.reservations.models import Asking, Series, SeriesAct, SeriesNews, SkipReason, State
from booking.reservations.queries import Details, series_by_id, skips_of

FIRST = 1  # the version that tells of the booking


@dataclass(frozen=True)
class Dates:
    """A series with its reservations and what was left out; `news` says what a later act did to
    which of them, and is empty where the booking is told."""

    series: Series
    reservations: tuple[Details, ...]
    skips: tuple[tuple[datetime, SkipReason], ...]
    news: Mapping[int, SeriesNews]

    @property
    def next(self) -> Details:
        """The next one that stands, for whom and where; else the first."""
        live = [one for one in self.reservations if one.is_live and not notices.is_over(one)]
        return (live or self.reservations)[0]

    def concerned(self, person_id: int) -> list[Details]:
        """Those that are not over and that this person is told of."""
        return [
            one
            for one in self.reservations
            if person_id in notices.recipients_of(one) and not notices.is_over(one)
        ]

    def told(self, act: SeriesAct) -> list[Details]:
        """Those of which it is still true that this was done."""
        return [
            one
            for one in self.reservations
            if one.id in self.news and self.news[one.id].act is act and STILL_TRUE[act](one)
        ]


STILL_TRUE: Mapping[SeriesAct, Callable[[Details], bool]] = {
    SeriesAct.CANCELLED: lambda one: one.state is State.CANCELLED,
    SeriesAct.CHANGED: lambda one: one.is_live,
    SeriesAct.ASKED: lambda one: one.waits,
    SeriesAct.APPROVED: lambda one: one.state is State.CONFIRMED and one.is_live,
    SeriesAct.DECLINED: lambda one: one.state is State.DECLINED or one.state is State.CONFIRMED,
}


def tell(happened: Happened) -> None:
    """Plan the one message to holders and bookers of the dates that the act concerned."""
    dates = _dates_of(happened.subject, happened.version)
    if dates is None:
        return
    people = dict.fromkeys(
        person_id for one in dates.reservations for person_id in notices.recipients_of(one)
    )
    planner.plan(
        [
            Key(MessageKind.SERIES, happened.subject, happened.version, person_id, happened.at)
            for person_id in people
        ]
    )


def _dates(key: Key) -> Dates | None:
    return _dates_of(key.subject, key.version)


def _dates_of(public_id: str, version: int) -> Dates | None:
    found = series_by_id(public_id)
    if found is None or not found[1]:
        return None
    series, reservations = found
    if version == FIRST:
        return Dates(series, tuple(reservations), tuple(skips_of(series.id)), {})
    news = series_acts.news_of(series.id, version)
    told = tuple(one for one in reservations if one.id in news)
    return Dates(series, told, (), news) if told else None


def _still_true(key: Key, dates: Dates) -> bool:
    """Whoever is told is still concerned by a date ahead for which it holds."""
    ahead = {one.id for one in dates.concerned(key.recipient_id)}
    if not dates.news:
        return any(one.is_live for one in dates.reservations if one.id in ahead)
    return any(one.id in ahead for act in SeriesAct for one in dates.told(act))


def _letter(dates: Dates, recipient: Recipient) -> Letter:
    first = dates.next
    page = web.public_url("series.show", public_id=dates.series.public_id)
    sections = _news_sections(dates, recipient) if dates.news else [_every_date(dates)]
    return Letter(
        title=_title(dates),
        opening=notices.for_whom(first, recipient, _opening(dates)),
        sections=(_about(dates), *sections),
        links=(
            Link(_("See all dates of this series"), page),
            Link(
                _("Add all dates to your calendar"),
                web.public_url("calendars.series_file", public_id=dates.series.public_id),
            ),
            Link(_("See all your reservations in your calendar"), web.public_url("profile.show")),
        ),
    )


def _title(dates: Dates) -> str:
    first = dates.reservations[0] if dates.news else dates.next
    names = {
        "place": notices.place_in_words(first.place),
        "start": texts.day_and_clock(first.local.starts_at),
    }
    return {
        None: _("Recurring reservation: %(place)s, from %(start)s", **names),
        SeriesAct.CANCELLED: _("Dates cancelled: %(place)s, from %(start)s", **names),
        SeriesAct.CHANGED: _("Dates changed: %(place)s, from %(start)s", **names),
        SeriesAct.ASKED: _("Change requested: %(place)s, from %(start)s", **names),
        SeriesAct.APPROVED: _("Dates approved: %(place)s, from %(start)s", **names),
        SeriesAct.DECLINED: _("Dates declined: %(place)s, from %(start)s", **names),
    }[_main_act(dates)]


def _main_act(dates: Dates) -> SeriesAct | None:
    """What was done with most of them; None is the booking."""
    return max(SeriesAct, key=lambda act: len(dates.told(act))) if dates.news else None


def _opening(dates: Dates) -> str:
    act = _main_act(dates)
    if act is None:
        waits = any(one.state is State.PENDING for one in dates.reservations)
        if waits:
            return _("Your request for these dates is with the people who decide.")
        return _("These dates are reserved.")
    return {
        SeriesAct.CANCELLED: _("These dates of a recurring reservation are cancelled."),
        SeriesAct.CHANGED: _("These dates of a recurring reservation have changed."),
        SeriesAct.ASKED: _(
            "The change of these dates needs approval. Until then they stay as they are."
        ),
        SeriesAct.APPROVED: _("These dates of a recurring reservation are approved."),
        SeriesAct.DECLINED: _("What was asked for these dates was declined."),
    }[act]


def _news_sections(dates: Dates, recipient: Recipient) -> Iterator[Section]:
    """What was done, each kind with its dates; nobody is told of others' dates."""
    concerned = {one.id for one in dates.concerned(recipient.person_id)} or {
        one.id for one in dates.reservations
    }
    headings = {
        SeriesAct.CANCELLED: _("Cancelled"),
        SeriesAct.CHANGED: _("As it stands now"),
        SeriesAct.ASKED: _("As requested"),
        SeriesAct.APPROVED: _("Approved"),
        SeriesAct.DECLINED: _("Declined"),
    }
    for act, heading in headings.items():
        told = [one for one in dates.told(act) if one.id in concerned]
        if told:
            yield Section(tuple(_news_line(dates, one) for one in told), heading)


def _news_line(dates: Dates, one: Details) -> Line:
    """When and where it is, or would be, and when it was before."""
    news, local, places = dates.news[one.id], one.local, one.places
    if news.act is SeriesAct.ASKED and one.amendment is not None:
        local, places = one.amendment.local, one.amendment.places
    said = [texts.clock_range(local), texts.codes(places)]
    if news.was_start is not None and news.was_end is not None:
        was = LocalInterval(news.was_start, news.was_end, one.local.zone_name)
        said.append(_("before: %(period)s", period=_was(was, local)))
    return Line(format_day(local.starts_at), " · ".join(said))


def _was(was: LocalInterval, now: LocalInterval) -> str:
    same_day = was.starts_at.date() == now.starts_at.date()
    return texts.clock_range(was) if same_day else texts.period(was)


def _about(dates: Dates) -> Section:
    series, first = dates.series, dates.next
    lines = [
        Line(_("Space"), notices.places_in_words(first.places)),
        Line(_("Where"), texts.where_all(first.places)),
        Line(
            _("Repeats"),
            series_texts.repetition(series.repetition, series.local.starts_at.date()),
        ),
        Line(_("Layout"), "" if first.layout is None else layout_in_words(first.layout)),
        Line(_("Purpose"), first.title),
        Line(_("Booked for"), notices.holder(first)),
        Line(_("Reason"), _reason(dates)),
    ]
    return Section(tuple(line for line in lines if line.value))


def _reason(dates: Dates) -> str:
    """Why they were cancelled or declined; of one act it is the same for all."""
    if not dates.news:
        return ""
    first, act = dates.reservations[0], _main_act(dates)
    if act is SeriesAct.DECLINED:
        no = [one for one in first.decisions if one.state is Asking.DECLINED]
        return texts.reason(no[-1].reason_code, no[-1].reason) if no else ""
    return texts.reason(first.closing_code, first.closing_reason)


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
