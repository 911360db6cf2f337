"""Reservations in words: what was done, why it was closed, what a policy asks, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from booking.core import zones
from booking.core.errors import Problem
from booking.core.fields import day_problem
from booking.core.i18n import (
    _,
    format_clock,
    format_day,
    format_duration,
    format_minutes_as_clock,
    format_short_day,
    isolated,
    name_in,
    ngettext,
    pgettext,
)
from booking.core.intervals import LocalInterval, Span
from booking.core.layout_texts import layout_in_words
from booking.core.refusals import LayoutKind, Reason
from booking.occupancy.models import ClosureKind
from booking.policies.facts import Place, laid_out
from booking.policies.models import Shown
from booking.policies.rules import Limits, WhoMayBook
from booking.policies.words import kept_free as kept_free_around
from booking.policies.words import quota
from booking.reservations import arrivals
from booking.reservations.alternatives import Why
from booking.reservations.claims import Had
from booking.reservations.models import CheckInWay, DeclineReason, HouseReason, State
from booking.reservations.queries import Details
from booking.spaces.opening import Expected, ExpectedHours, PresetKind, joined

# What older lines of the journal hold where another request was approved.
_ANOTHER_WAS_APPROVED = "another_request_was_approved"

ICONS: Mapping[str, str] = {
    "booked": "calendar-check",
    "requested": "send",
    "booked_by_exception": "calendar-check",
    "requested_by_exception": "send",
    "moved": "calendar-clock",
    "reprojected": "globe",
    "shortened": "clock",
    "renamed": "pencil",
    "asked_for_change": "send",
    "withdrew_change": "undo-2",
    "approved": "check",
    "approved_in_part": "check",
    "approved_change": "check",
    "declined": "x",
    "declined_change": "x",
    "asked": "circle-question-mark",
    "answered": "reply",
    "cancelled": "calendar-x-2",
    "handed_over": "users",
    "transferred": "arrow-right-left",
    "expired": "clock-alert",
    "change_expired": "clock-alert",
    "checked_in": "badge-check",
    "check_in_undone": "undo-2",
    "running_late": "clock",
    "released": "clock-alert",
}


def act(code: str) -> str:
    """What somebody did, as a line of the history."""
    return acts().get(code, _("Updated"))


def acts() -> Mapping[str, str]:
    """Everything that can be done to a reservation, as a line of the history."""
    return {
        "booked": pgettext("history", "Booked"),
        "requested": _("Request sent"),
        "booked_by_exception": _("Booked by way of exception"),
        "requested_by_exception": _("Request sent by way of exception"),
        "moved": _("Time or place changed"),
        "reprojected": _("Moved with the legal time; the hour on the clock stays"),
        "shortened": _("Shortened"),
        "renamed": _("Purpose or number of people changed"),
        "asked_for_change": _("Asked for a change"),
        "withdrew_change": _("Withdrew the change"),
        "approved": _("Approved"),
        "approved_in_part": _("Approved in part; others still have to answer"),
        "approved_change": _("Approved the change"),
        "declined": pgettext("history", "Declined"),
        "declined_change": _("Declined the change"),
        "asked": _("Asked a question"),
        "answered": _("Answered the question"),
        "cancelled": pgettext("history", "Cancelled"),
        "handed_over": _("Handed over"),
        "transferred": _("Transferred to a colleague"),
        "expired": _("Expired without an answer"),
        "change_expired": _("The requested change expired without an answer"),
        "checked_in": _("Presence confirmed"),
        "check_in_undone": _("Took back that presence was confirmed"),
        "running_late": _("Announced to be late"),
        "released": _("Released, because nobody came"),
    }


def overridden(codes: str) -> str:
    """The rules that an exception set aside, from the codes that the journal keeps."""
    names: Mapping[str, str] = {
        Reason.OUTSIDE_HOURS: _("opening hours"),
        Reason.CLOSED_DAY: _("closed day"),
        Reason.TOO_SHORT: _("shortest duration"),
        Reason.TOO_LONG: _("longest duration"),
        Reason.TOO_SOON: _("notice"),
        Reason.TOO_FAR: _("how far ahead"),
        Reason.NOT_ELIGIBLE: _("who may book"),
        Reason.QUOTA_EXCEEDED: _("quota"),
    }
    return _(", ").join(names.get(code, code) for code in codes.split(", "))


def presence(found: Details) -> str:
    """Since when somebody is there, or from when until when presence is confirmed; empty where
    nobody asks."""
    zone_name = found.local.zone_name
    if found.attended.checked_in_at is not None:
        since = moment(found.attended.checked_in_at, zone_name)
        return _("Confirmed on %(moment)s", moment=since)
    if found.attended.released_at is not None:
        since = moment(found.attended.released_at, zone_name)
        return _("Nobody came; released on %(moment)s", moment=since)
    if found.state is not State.CONFIRMED or not arrivals.is_asked(found):
        return ""
    return _(
        "To be confirmed between %(first)s and %(last)s",
        first=_clock_of(arrivals.opens_at(found), zone_name),
        last=_clock_of(arrivals.kept_until(found), zone_name),
    )


def _clock_of(instant: datetime, zone_name: str) -> str:
    return isolated(format_clock(zones.to_local(instant, zones.zone(zone_name))))


def ways() -> Mapping[str, str]:
    """How presence is confirmed, by the names that the journal keeps."""
    return {
        CheckInWay.PAGE: _("On a page"),
        CheckInWay.CODE: _("With the code on the spot"),
        CheckInWay.RECEPTION: _("At the reception"),
        CheckInWay.API: _("By a program"),
    }


def reason(code: DeclineReason | None, text: str | None) -> str:
    """Why not: the reason of the list in the reader's language, then what was written."""
    if text == _ANOTHER_WAS_APPROVED:
        code, text = DeclineReason.ANOTHER_WAS_APPROVED, None
    from_list = "" if code in (None, DeclineReason.OTHER) else decline_reason(code)
    return " ".join(part for part in (from_list, _of_the_house(text)) if part)


def _of_the_house(text: str | None) -> str:
    """What was written, or the house's own reason in the reader's language."""
    texts: Mapping[str | None, str] = {
        HouseReason.MEMBERSHIP_ENDED: _("The membership in the organisation has ended."),
        HouseReason.ACCOUNT_CLOSED: _("The account was closed."),
        HouseReason.ORGANISATION_CLOSED: _("The organisation has left the park."),
        HouseReason.PLACE_CLOSED: _("The space is closed at this time."),
    }
    return texts.get(text) or text or ""


def why(found: Why) -> str:
    """What an alternative has in common with what was wished for."""
    return {
        Why.SAME_RESOURCE_OTHER_TIME: _("Same space, other time"),
        Why.ALIKE_SAME_TIME: _("Same time, similar space"),
        Why.SHORTER: _("Same start, shorter"),
        Why.OTHER_DAY: _("Same space, other day"),
        Why.ALIKE_OTHER_TIME: _("Similar space, other time"),
    }[found]


def closure_kind(kind: ClosureKind) -> str:
    """Why the house takes the time."""
    return {
        ClosureKind.MAINTENANCE: _("Maintenance"),
        ClosureKind.CLOSED: _("Closed"),
        ClosureKind.HOLIDAY: _("Public holiday"),
        ClosureKind.OUT_OF_ORDER: _("Out of order"),
    }[kind]


def expected(found: Expected) -> str:
    """That a reservation on this day, or outside these hours, is subject to an announcement."""
    if isinstance(found, ExpectedHours):
        return _expected_hours(found)
    return _(
        "%(holiday)s may fall on %(day)s; the date is estimated. A reservation on that day is"
        " subject to announcement.",
        holiday=isolated(name_in(found.names)),
        day=format_day(found.day),
    )


def _expected_hours(found: ExpectedHours) -> str:
    name, day = isolated(name_in(found.names)), format_day(found.day)
    if not found.spans:
        return _(
            "%(profile)s may hold on %(day)s, closed all day; the dates are estimated. A"
            " reservation on that day is subject to announcement.",
            profile=name,
            day=day,
        )
    return _(
        "%(profile)s may hold on %(day)s, %(hours)s; the dates are estimated. A reservation"
        " outside these hours is subject to announcement.",
        profile=name,
        day=day,
        hours=hours_in_words(found.spans),
    )


def hours_in_words(spans: Sequence[Span]) -> str:
    """«from 09:00 to 12:00, from 14:00 to 15:00»."""
    return _(", ").join(
        _(
            "from %(start)s to %(end)s",
            start=format_minutes_as_clock(span.opens),
            end=format_minutes_as_clock(span.closes),
        )
        for span in joined(spans)
    )


def decline_reason(code: DeclineReason) -> str:
    """A reason of the list as the requester reads it."""
    return {
        DeclineReason.ALREADY_IN_USE: _("The place is already in use by another project."),
        DeclineReason.AUTHORISATION_MISSING: _(
            "The safety training or authorisation for this place is missing."
        ),
        DeclineReason.OUTSIDE_PURPOSE: _("This is not what the place is meant for."),
        DeclineReason.TOO_MANY_PEOPLE: _("There are too many people for this place."),
        DeclineReason.MAINTENANCE_EXPECTED: _("Maintenance is expected at this time."),
        DeclineReason.OTHER: _("Another reason"),
        DeclineReason.ANOTHER_WAS_APPROVED: _("Another request for the same time was approved."),
    }[code]


def decide_by(found: Details) -> str:
    """Until when somebody has to decide on the request, or on the change that waits."""
    waiting = found.amendment
    instant = found.decide_by if waiting is None else waiting.decide_by
    return "" if instant is None else moment(instant, found.local.zone_name)


def period(local: LocalInterval) -> str:
    """«mardi 24 novembre 2026, 10:00–12:00», over midnight with both days."""
    start, end = local.starts_at, local.ends_at
    if _ends_on_the_same_day(start, end):
        return _(
            "%(day)s, from %(start)s to %(end)s",
            day=format_day(start),
            start=format_clock(start),
            end=end_clock(start, end),
        )
    return _(
        "from %(first_day)s at %(start)s to %(last_day)s at %(end)s",
        first_day=format_day(start),
        start=format_clock(start),
        last_day=format_day(end),
        end=format_clock(end),
    )


def clock_range(local: LocalInterval) -> str:
    """«from 10:00 to 11:00»; over midnight with both days."""
    start, end = local.starts_at, local.ends_at
    if not _ends_on_the_same_day(start, end):
        return period(local)
    return _("from %(start)s to %(end)s", start=format_clock(start), end=end_clock(start, end))


def state(found: State) -> str:
    """Where a reservation stands."""
    return {
        State.PENDING: _("Pending"),
        State.CONFIRMED: _("Confirmed"),
        State.DECLINED: _("Declined"),
        State.CANCELLED: _("Cancelled"),
        State.EXPIRED: _("Expired"),
    }[found]


def end_clock(start: datetime, end: datetime) -> str:
    """An end on the clock's face: midnight after the start's day is 24:00."""
    midnight = end.hour == end.minute == 0
    return "24:00" if midnight and _ends_on_the_same_day(start, end) else format_clock(end)


def moment(instant: datetime, zone_name: str) -> str:
    """When something was done, on the clock of the site."""
    local = zones.to_local(instant, zones.zone(zone_name))
    return day_and_clock(local)


def day_and_clock(local: datetime) -> str:
    """«mar. 24 nov. à 10:00»."""
    return _("%(day)s at %(time)s", day=format_short_day(local), time=format_clock(local))


def codes(places: Iterable[Place]) -> str:
    """«L-03, M-02»."""
    return _(", ").join(place.spot.code for place in places)


def where(place: Place) -> str:
    """Building, floor and area, from large to small."""
    spot = place.spot
    names = (spot.building_names, spot.floor_names, spot.area_names)
    return " · ".join(name_in(one) for one in names)


def where_all(places: Iterable[Place]) -> str:
    """The same of several, each area named once."""
    return _(", ").join(dict.fromkeys(map(where, places)))


def preset(kind: PresetKind) -> str:
    """The label of a ready-made time."""
    return {
        PresetKind.NOW: _("Now"),
        PresetKind.MORNING: _("Morning"),
        PresetKind.AFTERNOON: _("Afternoon"),
        PresetKind.WHOLE_DAY: _("Whole day"),
    }[kind]


def of_pool(units: int) -> str:
    """What a pool is, where its facts stand."""
    return ngettext(
        "%(num)s place without a name; a reservation takes it",
        "%(num)s places without names; a reservation takes one of them",
        units,
    )


def free_of(free: int, units: int) -> str:
    """How many places of a pool are free."""
    return ngettext(
        "%(num)s of %(all)s places free", "%(num)s of %(all)s places free", free, all=units
    )


def opening_hours(spans: tuple[Span, ...]) -> list[tuple[str, str]]:
    """The pairs of times between which it is open."""
    return [
        (format_minutes_as_clock(span.opens), format_minutes_as_clock(span.closes))
        for span in spans
    ]


def length(limits: Limits) -> str:
    """How long a reservation may be."""
    return _(
        "%(shortest)s to %(longest)s, in steps of %(step)s",
        shortest=format_duration(limits.shortest),
        longest=format_duration(limits.longest),
        step=format_duration(limits.granularity),
    )


def buffers(limits: Limits) -> str:
    """What stays free before and after; empty for nothing."""
    return kept_free_around(limits.setup_minutes, limits.cleanup_minutes)


def quotas(limits: Limits) -> list[str]:
    """How much one person, and one organisation, may have."""
    return [quota(one) for one in limits.quotas]


def ahead(limits: Limits, today: datetime) -> str:
    """How early and how late one may book."""
    last = format_short_day(today + timedelta(days=limits.horizon))
    if not limits.notice:
        return _("Until %(day)s", day=last)
    return _(
        "At least %(notice)s ahead, until %(day)s",
        notice=format_duration(limits.notice),
        day=last,
    )


def approval(places: Iterable[Place], names: Sequence[str]) -> str:
    """Who answers, and by when; empty where nobody is asked."""
    asking = [place for place in places if place.limits.needs_approval]
    if not asking:
        return ""
    within = format_duration(min(place.limits.decide_within for place in asking))
    if names:
        return _(
            "%(names)s will answer within %(time)s, at the latest before it begins.",
            names=_(", ").join(names),
            time=within,
        )
    return _(
        "The operator will answer within %(time)s, at the latest before it begins.", time=within
    )


def holding(places: Iterable[Place]) -> str:
    """What a request does to the places while it waits."""
    if all(place.limits.holds_while_pending for place in places if place.limits.needs_approval):
        return _("Until then the place is kept for you.")
    return _("Until then others may ask for the same time; only one can be approved.")


def kept_free(found: Details, has: Had) -> str:
    """From when until when the places are kept for set-up and cleaning; empty where they are
    not."""
    if not has.spans:
        return ""
    zone = found.local.zone
    first = zones.to_local(min(one.starts_at for one in has.spans.values()), zone)
    last = zones.to_local(max(one.ends_at for one in has.spans.values()), zone)
    begins_before, ends_after = first < found.local.starts_at, found.local.ends_at < last
    if begins_before and ends_after:
        return _(
            "From %(start)s for set-up, until %(end)s for cleaning",
            start=_clock_beside(first, found.local.starts_at),
            end=_clock_beside(last, found.local.ends_at),
        )
    if begins_before:
        return _("From %(start)s for set-up", start=_clock_beside(first, found.local.starts_at))
    if ends_after:
        return _("Until %(end)s for cleaning", end=_clock_beside(last, found.local.ends_at))
    return ""


def _clock_beside(moment: datetime, beside: datetime) -> str:
    """The time of day; with the day where it is another one."""
    if moment.date() == beside.date():
        return format_clock(moment)
    return _("%(day)s, %(time)s", day=format_short_day(moment), time=format_clock(moment))


def seen_by_others(places: Iterable[Place]) -> str:
    """What strangers see of a reservation here, wherever they see most."""
    shown = {place.others_see for place in places}
    return {
        Shown.BUSY: _("Others only see that it is booked."),
        Shown.ORGANISATION: _("Others see your organisation, not the purpose."),
        Shown.PERSON: _("Others see your name and the purpose."),
    }[next(one for one in (Shown.PERSON, Shown.ORGANISATION, Shown.BUSY) if one in shown)]


def layouts(place: Place) -> list[str]:
    """The ways in which a room can be set out: «U-shape: 12 people, 45 minutes to set up»."""
    return [layout_line(one.kind, [place]) for one in place.layouts]


def layout_line(kind: LayoutKind | None, places: Sequence[Place]) -> str:
    """A layout of these places, with how many they then take and how long it takes to set up."""
    found = laid_out(places, kind)
    people = ngettext(
        "%(num)s person", "%(num)s people", sum(place.spot.capacity for place in found)
    )
    minutes = max((place.layout.setup_minutes for place in found if place.layout), default=0)
    if not minutes:
        return _("%(layout)s: %(people)s", layout=layout_in_words(kind), people=people)
    return _(
        "%(layout)s: %(people)s, %(time)s to set up",
        layout=layout_in_words(kind),
        people=people,
        time=format_duration(minutes),
    )


def not_offered(offered: Sequence[LayoutKind]) -> str:
    """What would do instead of a layout that is not offered."""
    if not offered:
        return _("Here the room can only be had as it stands.")
    names = _(", ").join(map(layout_in_words, offered))
    return _("This layout is not offered here. Choose from these: %(layouts)s.", layouts=names)


def who_may_book(place: Place) -> str:
    """For whom it is."""
    if place.limits.who_may_book is WhoMayBook.MEMBERS:
        return _("Members of an organisation")
    return _("Everybody with an account")


def problem(field: str, found: Problem) -> str:
    """What is wrong with one field, and what would be right."""
    by_field: Mapping[tuple[str, Problem], str] = {
        ("title", Problem.TOO_LONG): _("Choose a shorter purpose: at most 200 characters."),
        ("guest", Problem.TOO_LONG): _("Choose a shorter name: at most 120 characters."),
        ("guest", Problem.UNKNOWN): _("Either it is for a guest, or for somebody with an account."),
        ("headcount", Problem.OUT_OF_RANGE): _("Enter a number of people from 1 to 10,000."),
        ("reason", Problem.TOO_LONG): _("Choose a shorter reason: at most 500 characters."),
        ("text", Problem.MISSING): _("Write an answer."),
        ("text", Problem.TOO_LONG): _("Write a shorter answer: at most 1,000 characters."),
        ("layout", Problem.UNKNOWN): _("Choose one of the layouts."),
        ("organisation", Problem.NOT_FOUND): _("Choose one of your organisations."),
        ("organisation", Problem.MISSING): _("Choose in which organisation."),
        ("person", Problem.NOT_FOUND): _("Choose a colleague of one of your organisations."),
        ("resources", Problem.NOT_FOUND): _("This space is not there any more. Choose another."),
        ("resources", Problem.OUT_OF_RANGE): _(
            "One reservation takes at most 10 spaces. Leave some out."
        ),
        **_of_a_repetition(),
        ("Idempotency-Key", Problem.REUSED): _(
            "This form has been sent before with other entries."
            " Look at your reservations, then send it again if you still want to."
        ),
    }
    return by_field.get((field, found)) or _in_general(found)


def _of_a_repetition() -> Mapping[tuple[str, Problem], str]:
    which_end = _("Give a last day or a number of dates, not both, and at most 366 dates.")
    return {
        ("until", Problem.MISSING): which_end,
        ("until", Problem.TOO_MANY): which_end,
        ("until", Problem.UNREADABLE): day_problem(),
        ("until", Problem.OUT_OF_RANGE): _(
            "Choose a last day that is not before the first one, at most two years later."
        ),
        ("until", Problem.TOO_SHORT): _(
            "The space is closed on every one of these dates. Choose others."
        ),
        ("count", Problem.OUT_OF_RANGE): _(
            "Choose from 1 to 366 dates, all of them within two years."
        ),
        ("interval", Problem.OUT_OF_RANGE): _("Choose a number from 1 to 52."),
        ("weekdays", Problem.UNKNOWN): _("Days of the week go with weekly repetition only."),
        ("exceptions", Problem.TOO_MANY): _("No date is left. Keep at least one of them."),
        ("exceptions", Problem.NOT_FOUND): _("The dates have changed. Look at them once more."),
    }


def _in_general(found: Problem) -> str:
    texts: Mapping[Problem, str] = {
        Problem.MISSING: _("Please choose."),
        Problem.UNREADABLE: _("This cannot be read as a time. Choose one from the list."),
        Problem.ENDS_BEFORE_IT_STARTS: _("The end is not after the start. Choose a later end."),
        Problem.NONEXISTENT_TIME: _(
            "The clocks jump over this time on that day, so it does not exist."
            " Choose an earlier or a later one."
        ),
        Problem.OUT_OF_RANGE: _("This is too far away or too long. Choose a nearer time."),
    }
    return texts.get(found, _("Please check this entry."))


def _ends_on_the_same_day(start: datetime, end: datetime) -> bool:
    return (end - timedelta(minutes=1)).date() == start.date()
