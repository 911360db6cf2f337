"""Reservations as calendar events, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from booking.calendars.queries import Entry, Home, Shown, Whereabouts
from booking.calendars.rules import Subscription
from booking.core import web
from booking.core.i18n import _, name_in
from booking.core.ics import Calendar, CalendarEvent, Coordinates, Status
from booking.core.layout_texts import layouts_in_words
from booking.core.refusals import LayoutKind
from booking.people.models import FeedDetail
from booking.reservations.models import State

BRAND, BRAND_CODE = "slateblue", "#4F41D6"  # the nearest name of CSS, and the colour itself
_ANY_ID = "00000000-0000-0000-0000-000000000000"

_STATUS = {
    State.CONFIRMED: Status.CONFIRMED,
    State.PENDING: Status.TENTATIVE,
    State.DECLINED: Status.CANCELLED,
    State.CANCELLED: Status.CANCELLED,
    State.EXPIRED: Status.CANCELLED,
}
_COLOR = {Status.CONFIRMED: BRAND, Status.TENTATIVE: "goldenrod", Status.CANCELLED: "gray"}


@dataclass(frozen=True)
class _Texts:
    """The texts of one language, looked up once: a feed has up to two thousand events."""

    summaries: Mapping[State, str]
    states: Mapping[State, str]
    location: str
    reference: str
    guest: str
    layout: str
    layouts: Mapping[LayoutKind, str]
    busy: str


@dataclass(frozen=True)
class _Place:
    """Where an event is, as it is written."""

    name: str
    location: str
    kind: str
    coordinates: Coordinates | None


def feed(subscription: Subscription, source: str, home: Home, shown: Shown) -> Calendar:
    """A person's own calendar, in the language that is being spoken."""
    writer = _Writer(home, shown)
    full = subscription.detail is FeedDetail.FULL
    write = writer.event if full else writer.busy_event
    park = name_in(home.names)
    return Calendar(
        uid=f"{subscription.public_id}@{home.uid_domain}",
        name=_("My reservations – %(park)s", park=park),
        description=_("What is reserved for you at %(park)s.", park=park),
        zone_name=home.zone_name,
        changed_at=subscription.changed_at,
        events=tuple(write(entry) for entry in shown.entries),
        source=source,
        url=web.public_url("reservations.mine"),
        color=BRAND,
        color_code=BRAND_CODE,
    )


def single(home: Home, shown: Shown, *, reader_id: int) -> Calendar:
    """One reservation to keep in a calendar of one's own.

    It has no name: some programs open a named calendar beside the reader's own ones.
    """
    (entry,) = shown.entries
    event = _Writer(home, shown).event(entry, is_private=entry.person_id == reader_id)
    return Calendar(
        uid=event.uid,
        name="",
        zone_name=home.zone_name,
        changed_at=entry.changed_at,
        events=(event,),
    )


def several(home: Home, shown: Shown, *, uid: str, reader_id: int) -> Calendar:
    """All dates of a series, each an event of its own under the name that the feed gives it."""
    writer = _Writer(home, shown)
    return Calendar(
        uid=f"{uid}@{home.uid_domain}",
        name="",
        zone_name=home.zone_name,
        changed_at=max(one.changed_at for one in shown.entries),
        events=tuple(
            writer.event(one, is_private=one.person_id == reader_id) for one in shown.entries
        ),
    )


class _Writer:
    """Writes events in one language."""

    def __init__(self, home: Home, shown: Shown) -> None:
        self._home = home
        self._texts = _texts()
        self._places = {
            resource_id: _place(self._texts, where)
            for resource_id, where in shown.whereabouts.items()
        }
        address = web.public_url("reservations.show", public_id=_ANY_ID)
        self._before_id, _id, self._after_id = address.partition(_ANY_ID)

    def event(self, entry: Entry, *, is_private: bool = True) -> CalendarEvent:
        """Everything that the person may know about it, and nothing about others."""
        status = _STATUS[entry.state]
        places = [self._places[resource_id] for resource_id in entry.resource_ids]
        url = f"{self._before_id}{entry.public_id}{self._after_id}"
        said = [
            self._texts.reference % {"reference": entry.reference},
            self._texts.states[entry.state],
            *self._layout(entry),
            url,
        ]
        if entry.guest:
            said.insert(0, self._texts.guest % {"name": entry.guest})
        return CalendarEvent(
            uid=self._uid(entry),
            sequence=entry.sequence,
            created_at=entry.created_at,
            changed_at=entry.changed_at,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            status=status,
            summary=self._summary(entry, entry.title or places[0].name),
            location=" / ".join(place.location for place in places),
            coordinates=places[0].coordinates,
            description="\n".join(said),
            url=url,
            categories=tuple(dict.fromkeys(place.kind for place in places)),
            is_private=is_private,
            color=_COLOR[status],
        )

    def _layout(self, entry: Entry) -> Iterator[str]:
        if entry.layout is not None:
            yield self._texts.layout % {"layout": self._texts.layouts[entry.layout]}

    def busy_event(self, entry: Entry) -> CalendarEvent:
        """When and how surely, but neither what nor where: for calendars that others read too."""
        status = _STATUS[entry.state]
        return CalendarEvent(
            uid=self._uid(entry),
            sequence=entry.sequence,
            created_at=entry.created_at,
            changed_at=entry.changed_at,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            status=status,
            summary=self._summary(entry, self._texts.busy),
            is_private=True,
            color=_COLOR[status],
        )

    def _uid(self, entry: Entry) -> str:
        return f"{entry.public_id}@{self._home.uid_domain}"

    def _summary(self, entry: Entry, title: str) -> str:
        return self._texts.summaries[entry.state] % {"title": title}


def _texts() -> _Texts:
    return _Texts(
        summaries={
            State.CONFIRMED: "%(title)s",
            State.PENDING: _("Pending: %(title)s"),
            State.DECLINED: _("Declined: %(title)s"),
            State.CANCELLED: _("Cancelled: %(title)s"),
            State.EXPIRED: _("Expired: %(title)s"),
        },
        states={
            State.CONFIRMED: _("Confirmed"),
            State.PENDING: _("Pending"),
            State.DECLINED: _("Declined"),
            State.CANCELLED: _("Cancelled"),
            State.EXPIRED: _("Expired"),
        },
        location=_("%(resource)s, %(area)s, %(floor)s, %(building)s"),
        reference=_("Reference: %(reference)s"),
        guest=_("Reserved for: %(name)s"),
        layout=_("Layout: %(layout)s"),
        layouts=layouts_in_words(),
        busy=_("Busy"),
    )


def _place(texts: _Texts, where: Whereabouts) -> _Place:
    name = name_in(where.names)
    coordinates = None
    if where.latitude is not None and where.longitude is not None:
        coordinates = Coordinates(where.latitude, where.longitude)
    location = texts.location % {
        "resource": name,
        "area": name_in(where.area_names),
        "floor": name_in(where.floor_names),
        "building": name_in(where.building_names),
    }
    return _Place(name, location, name_in(where.kind_names), coordinates)
