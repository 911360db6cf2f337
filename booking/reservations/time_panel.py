"""The part of a page on which a time is chosen: the day, ready-made times, the day's line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from booking.core import clock, zones
from booking.core.i18n import _, format_day, format_short_day
from booking.core.intervals import LocalInterval
from booking.core.months import Month, month, month_from, within
from booking.core.permissions import Actor
from booking.core.refusal_texts import describe
from booking.reservations import day_line, place_facts, texts
from booking.reservations.availability import Availability, Stretch, is_inside
from booking.reservations.day_line import DayLine
from booking.reservations.forms import TimesForm, moment_from, values_of_local

DAY = timedelta(days=1)

UrlOf = Callable[..., str]


@dataclass(frozen=True)
class PresetLink:
    """A ready-made time."""

    label: str
    times: tuple[str, str]
    url: str
    current: bool


@dataclass(frozen=True)
class TimePanel:
    """What the page shows around the two lists of times."""

    day: date
    title: str
    previous_url: str
    next_url: str
    today_url: str | None
    month: Month
    month_is_open: bool
    presets: tuple[PresetLink, ...]
    hours: tuple[tuple[str, str], ...]
    line: DayLine | None
    stretches: tuple[Stretch, ...]
    blocked: tuple[str, ...]
    why_no_time: tuple[str, ...]
    expected: tuple[str, ...]  # what may still be announced for this day
    next_day_label: str
    next_day_url: str
    free_places: tuple[str, ...]  # of pools, at the chosen time

    @property
    def has_times(self) -> bool:
        """Whether anything can be chosen."""
        return bool(self.stretches) and not self.blocked


def panel(
    actor: Actor,
    availability: Availability,
    form: TimesForm,
    *,
    url_of: UrlOf,
    turned_to: str | None,
) -> TimePanel:
    """Read and arrange everything; `url_of` makes the address of the page for other values."""
    day = availability.day
    today = clock.today(zones.zone(availability.place.spot.zone_name))
    stretches = tuple(availability.stretches(day))
    chosen = chosen_time(form, availability)
    blocked = tuple(describe(refusal) for refusal in availability.why_never())
    next_day = None if stretches or blocked else availability.next_day()
    return TimePanel(
        day=day,
        title=format_day(day),
        previous_url=url_of(day=within(day - DAY).isoformat()),
        next_url=url_of(day=within(day + DAY).isoformat()),
        today_url=None if day == today else url_of(day=today.isoformat()),
        month=_month(availability, day, today, url_of, turned_to),
        month_is_open=month_from(turned_to) is not None,
        presets=_presets(availability, day, chosen, url_of),
        hours=tuple(texts.opening_hours(availability.opening.spans_on(day))),
        line=_line(actor, availability, day, chosen),
        stretches=stretches,
        blocked=blocked,
        why_no_time=() if stretches or blocked else _why_no_time(availability),
        expected=tuple(map(texts.expected, availability.expected_on(day))),
        next_day_label="" if next_day is None else format_short_day(next_day),
        next_day_url="" if next_day is None else url_of(day=next_day.isoformat()),
        free_places=_free_places(availability, chosen),
    )


def _free_places(availability: Availability, chosen: LocalInterval | None) -> tuple[str, ...]:
    """How many places of each pool are free at the chosen time."""
    pools = [place for place in availability.places if place.spot.units > 1]
    if chosen is None:
        return ()
    interval = chosen.project()
    return tuple(
        f"{place.spot.code} · "
        + texts.free_of(availability.free_units(place, interval), place.spot.units)
        for place in pools
    )


def chosen_time(form: TimesForm, availability: Availability) -> LocalInterval | None:
    """What the form says now, where that is a time."""
    day = availability.day
    start, end = moment_from(form.start.data, day), moment_from(form.end.data, day)
    if start is None or end is None or end <= start:
        return None
    local = LocalInterval(start, end, availability.place.spot.zone_name)
    try:
        local.project()
    except ValueError:
        return None
    return local


def _month(
    availability: Availability, day: date, today: date, url_of: UrlOf, turned_to: str | None
) -> Month:
    return month(
        month_from(turned_to) or day,
        chosen=day,
        today=today,
        since=today,
        first_weekday=place_facts.first_weekday(availability.place),
        url_of=lambda other: url_of(day=other.isoformat()),
        turn_to=lambda other: url_of(day=day.isoformat(), month=f"{other:%Y-%m}"),
        last=today + availability.limits.horizon * DAY,
    )


def _presets(
    availability: Availability, day: date, chosen: LocalInterval | None, url_of: UrlOf
) -> tuple[PresetLink, ...]:
    return tuple(
        PresetLink(
            label=texts.preset(preset.kind),
            times=(
                f"{preset.local.starts_at:%H:%M}",
                texts.end_clock(preset.local.starts_at, preset.local.ends_at),
            ),
            url=url_of(**values_of_local(preset.local)),
            current=preset.local == chosen,
        )
        for preset in availability.presets(day)
    )


def _line(
    actor: Actor, availability: Availability, day: date, chosen: LocalInterval | None
) -> DayLine | None:
    taken_by = [one.reservation_id for one in availability.busy if one.reservation_id is not None]
    mine = place_facts.mine_among(actor, taken_by)
    # A chosen time that is taken would hide what has taken it.
    drawn = chosen if chosen and is_inside(availability.free, chosen.project()) else None
    return day_line.of(availability, day, chosen=drawn, mine=mine)


def _why_no_time(availability: Availability) -> tuple[str, ...]:
    refusals: Sequence[str] = [describe(one) for one in availability.why_not_on_this_day()]
    return tuple(refusals) or (_("Everything is taken on this day."),)
