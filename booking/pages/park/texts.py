"""Words of the operator's forms: what a choice means, what is wrong with a field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from booking.core import i18n
from booking.core.errors import InvalidError, Problem
from booking.core.forms import lazy_gettext, problem_text
from booking.core.i18n import _
from booking.core.refusals import QuotaPeriod, WhoMayBook
from booking.policies.models import Shown
from booking.spaces.drafts import SpanDraft
from booking.spaces.models import Behaviour, ResourceState

MOST_CODES_NAMED = 5

BEHAVIOURS: Mapping[Behaviour, str] = {
    Behaviour.SEAT: lazy_gettext("A seat: one person, for instance a desk"),
    Behaviour.ROOM: lazy_gettext("A room: several people at once"),
    Behaviour.MACHINE: lazy_gettext("A machine: equipment that is used"),
}
CONDITIONS: Mapping[ResourceState, str] = {
    ResourceState.IN_ORDER: lazy_gettext("In order"),
    ResourceState.OUT_OF_ORDER: lazy_gettext("Out of order"),
}
WHO_MAY_BOOK: Mapping[WhoMayBook, str] = {
    WhoMayBook.ANYONE: lazy_gettext("Anyone with an account"),
    WhoMayBook.MEMBERS: lazy_gettext("Only members of an organisation"),
}
OTHERS_SEE: Mapping[Shown, str] = {
    Shown.BUSY: lazy_gettext("Only that the time is booked"),
    Shown.ORGANISATION: lazy_gettext("The organisation"),
    Shown.PERSON: lazy_gettext("The person and the purpose"),
}
QUOTA_PERIODS: Mapping[QuotaPeriod, str] = {
    QuotaPeriod.DAY: lazy_gettext("Each day"),
    QuotaPeriod.WEEK: lazy_gettext("Each week, from Monday"),
    QuotaPeriod.MONTH: lazy_gettext("Each month"),
    QuotaPeriod.AHEAD: lazy_gettext("All that is to come"),
}
ICON_NAMES: Mapping[str, str] = {  # what each shows
    "armchair": lazy_gettext("Armchair"),
    "monitor": lazy_gettext("Screen on a desk"),
    "monitor-smartphone": lazy_gettext("Screen and telephone"),
    "tv": lazy_gettext("Television"),
    "presentation": lazy_gettext("Board on a stand"),
    "projector": lazy_gettext("Projector"),
    "users": lazy_gettext("Several people"),
    "graduation-cap": lazy_gettext("Graduation cap"),
    "book-open": lazy_gettext("Open book"),
    "flask-conical": lazy_gettext("Flask"),
    "microscope": lazy_gettext("Microscope"),
    "test-tube": lazy_gettext("Test tube"),
    "thermometer": lazy_gettext("Thermometer"),
    "cpu": lazy_gettext("Processor"),
    "printer": lazy_gettext("Printer"),
    "box": lazy_gettext("Box"),
    "wrench": lazy_gettext("Wrench"),
    "zap": lazy_gettext("Lightning"),
    "plug": lazy_gettext("Plug"),
    "cable": lazy_gettext("Cable"),
    "network": lazy_gettext("Network"),
    "wifi": lazy_gettext("Wi-Fi"),
    "database": lazy_gettext("Stack of data"),
    "camera": lazy_gettext("Camera"),
    "video": lazy_gettext("Video camera"),
    "volume-2": lazy_gettext("Loudspeaker"),
    "scan-line": lazy_gettext("Scanner"),
    "weight": lazy_gettext("Weight"),
    "fan": lazy_gettext("Fan"),
    "wind": lazy_gettext("Wind"),
    "flame": lazy_gettext("Flame"),
    "droplets": lazy_gettext("Drops of water"),
    "snowflake": lazy_gettext("Snowflake"),
    "sun": lazy_gettext("Sun"),
    "coffee": lazy_gettext("Cup of coffee"),
    "utensils": lazy_gettext("Knife and fork"),
    "lock": lazy_gettext("Padlock"),
    "key-round": lazy_gettext("Key"),
    "accessibility": lazy_gettext("Wheelchair"),
    "phone": lazy_gettext("Telephone"),
    "smartphone": lazy_gettext("Mobile telephone"),
    "lightbulb": lazy_gettext("Light bulb"),
    "layers": lazy_gettext("Layers"),
    "map-pin": lazy_gettext("Pin on a map"),
    "building": lazy_gettext("High building"),
    "building-2": lazy_gettext("Group of buildings"),
    "house": lazy_gettext("House"),
    "archive": lazy_gettext("Archive box"),
    "sliders-horizontal": lazy_gettext("Sliders"),
    "settings": lazy_gettext("Gear wheel"),
    "shield-check": lazy_gettext("Shield"),
}

_TIME = r"(\d{1,2})(?:[:hH](\d{2})?)?"
_SPAN = re.compile(rf"{_TIME}\s*(?:-|–|—|to|à|إلى)\s*{_TIME}", re.ASCII)
_BETWEEN = re.compile(r"(?:[\s,;،؛+/]|and|et|و|من)*")  # what may stand around and between spans


def problem(field: str, found: Problem) -> str:
    """What is wrong with a field of these forms, and what would be right."""
    special: Mapping[tuple[str, Problem], str] = {
        ("code", Problem.UNREADABLE): _(
            "A code has no slash and no more than 20 characters. Several at once are written"
            " A-01..A-40."
        ),
        ("code", Problem.TOO_MANY): _("At most 500 at once."),
        ("code", Problem.ENDS_BEFORE_IT_STARTS): _("The first number comes before the last."),
        ("layouts", Problem.POOL): _("A pool of places has no layouts."),
        ("layouts", Problem.OUT_OF_RANGE): _(
            "Each layout takes from 1 to 10,000 people and at most 1,440 minutes to set up."
        ),
        ("level", Problem.REUSED): _("This building has a floor of that level already."),
        ("longest", Problem.TOO_SHORT): _("The longest is at least as long as the shortest."),
        ("longest", Problem.OUT_OF_RANGE): _("At least one step, at most 62 days."),
        ("shortest", Problem.OUT_OF_RANGE): _("More than nothing, at most 62 days."),
        ("granularity", Problem.OUT_OF_RANGE): _("A multiple of 5 minutes, at most a day."),
        ("horizon", Problem.OUT_OF_RANGE): _("Between 0 and 1098 days."),
        ("series_horizon", Problem.OUT_OF_RANGE): _("Between 0 and 1098 days."),
        ("person_quota_minutes", Problem.OUT_OF_RANGE): _("More than nothing, at most 366 days."),
        ("organisation_quota_minutes", Problem.OUT_OF_RANGE): _(
            "More than nothing, at most 366 days."
        ),
        ("person_quota_count", Problem.OUT_OF_RANGE): _("Between 1 and 10,000."),
        ("organisation_quota_count", Problem.OUT_OF_RANGE): _("Between 1 and 10,000."),
        ("horizon", Problem.TOO_SHORT): _(
            "With such a notice nothing could ever be booked: allow more days ahead."
        ),
        ("valid_from", Problem.OUT_OF_RANGE): _("Hours change today at the earliest."),
        ("valid_from", Problem.REUSED): _("Other hours begin on this day already: change those."),
        ("day", Problem.OUT_OF_RANGE): _("Today at the earliest: the past stays as it was."),
        ("day", Problem.REUSED): _("This day has hours of its own already: change those."),
        ("picture", Problem.MISSING): _("Choose a picture."),
        ("picture", Problem.TOO_LONG): _("This file is larger than 5 MB. Make it smaller first."),
        ("picture", Problem.OUT_OF_RANGE): _(
            "This picture has more than 40 million pixels. Make it smaller first."
        ),
        ("picture", Problem.UNREADABLE): _(
            "This is not a picture that can be read. PNG, JPEG and WebP can."
        ),
        ("picture", Problem.TOO_MANY): _("At most 12 photos. Delete one first."),
        ("parts", Problem.NOT_FOUND): _("One of these codes is no space in use. Check them."),
        ("parts", Problem.TOO_MANY): _("At most 20 spaces are taken with one."),
        ("parts", Problem.ITSELF): _("A space is no part of itself. Leave its own code out."),
        ("parts", Problem.POOL): _(
            "A space of several units is no part and has none. Leave it out."
        ),
        ("parts", Problem.HAS_PARTS): _(
            "One of these spaces has parts of its own. Name those parts here instead."
        ),
        ("parts", Problem.IS_PART): _(
            "This space is taken with a larger one, so nothing can be taken with it."
        ),
        ("units", Problem.POOL): _(
            "This space is linked to others, so it stays one. Take the link away first."
        ),
        ("units", Problem.IN_USE): _("More places than these are reserved ahead."),
        ("latitude", Problem.MISSING): _("Coordinates come in pairs: give both or none."),
        ("longitude", Problem.MISSING): _("Coordinates come in pairs: give both or none."),
    }
    if field == "spans" or field.startswith(("day_", "week.")):
        return {
            Problem.OUT_OF_RANGE: _("Each time ends after it begins, and none meets another."),
            Problem.TOO_MANY: _("At most 6 times a day."),
        }.get(found, _("Write times like 08:00–12:00, 14:00–18:30."))
    return special.get((field, found)) or problem_text(found)


def taken(codes: Sequence[str]) -> str:
    """That these codes exist already."""
    some = ", ".join(codes[:MOST_CODES_NAMED])
    if len(codes) > MOST_CODES_NAMED:
        return _("%(codes)s and others exist already.", codes=some)
    return i18n.ngettext(
        "%(codes)s exists already.", "%(codes)s exist already.", len(codes), codes=some
    )


def needed(places: int) -> str:
    """How many places a pool has at least, by what is reserved in it."""
    return i18n.ngettext(
        "%(num)s place is reserved at one time: it cannot have fewer.",
        "%(num)s places are reserved at one time: it cannot have fewer.",
        places,
    )


def spans_from(field: str, text: str) -> tuple[SpanDraft, ...]:
    """The times on a line, as people write them: 8-12, 14h30 à 18h. Raises InvalidError."""
    if not _BETWEEN.fullmatch(_SPAN.sub("", text)):
        raise InvalidError({field: Problem.UNREADABLE})
    return tuple(
        SpanDraft(
            opens=f"{int(opens):02d}:{opens_minute or '00'}",
            closes=f"{int(closes):02d}:{closes_minute or '00'}",
        )
        for opens, opens_minute, closes, closes_minute in _SPAN.findall(text)
    )
