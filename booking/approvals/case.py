"""One request with all that a decision needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.approvals import queries
from booking.approvals.asked import Asked, asked_of, is_open, may_answer
from booking.approvals.queries import Background, Claimed, Record, Rival
from booking.approvals.rows import Tag, tags_of
from booking.approvals.strip import strip_of, window_of
from booking.approvals.words import conflict, when, who_asks
from booking.authorisations import queries as authorisations
from booking.core import clock
from booking.core.i18n import _, format_ago, format_day, ngettext
from booking.core.intervals import LocalInterval
from booking.core.layout_texts import layout_in_words
from booking.core.permissions import Actor, in_whose_place
from booking.core.schema import written
from booking.people import deputies
from booking.policies.facts import Place
from booking.policies.rules import Rights, lacking
from booking.reservations import history, texts
from booking.reservations.claims import resource_ids_of
from booking.reservations.day_line import DayLine
from booking.reservations.history import Difference, Entry
from booking.reservations.models import State
from booking.reservations.place_facts import NamedFeature, features_of
from booking.reservations.queries import Details
from booking.reservations.questions import Exchange
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Conflict:
    """What is in the way, in words, and the reservation it belongs to."""

    text: str
    public_id: str | None


@dataclass(frozen=True)
class Other:
    """Another request for an overlapping time."""

    public_id: str
    reference: str
    who: str
    local: LocalInterval


@dataclass(frozen=True)
class Fact:
    """Whether the requester is authorised for a space that asks for it, on the day of the use."""

    text: str
    is_missing: bool


@dataclass(frozen=True)
class Case:
    """The request, what is asked for, and everything around it."""

    request: Details
    asked: Asked
    who: str
    tags: tuple[Tag, ...]
    strips: tuple[DayLine, ...]
    conflicts: tuple[Conflict, ...]
    rivals: tuple[Other, ...]
    equipment: Sequence[NamedFeature]
    record: Record
    changes: tuple[Difference, ...]
    history: Sequence[Entry]
    exchanges: Sequence[Exchange]
    deadline: str
    deadline_in: str
    is_open: bool
    may_answer: bool
    authorised: tuple[Fact, ...]
    in_the_place_of: str  # whose rights the reader would use; empty where they need nobody's

    @property
    def may_be_approved(self) -> bool:
        """Whether a yes would not be refused at once."""
        return self.may_answer and not self.conflicts

    @property
    def may_be_asked(self) -> bool:
        """Whether a question can be put now: one at a time waits for its answer."""
        return self.may_answer and not any(one.is_open for one in self.exchanges)

    @property
    def is_own(self) -> bool:
        """Whether it waits, but not for this reader, who asked for it."""
        return self.is_open and not self.may_answer

    @property
    def rivals_text(self) -> str:
        """What an approval means for the other requests for the time."""
        return ngettext(
            "Another request waits for this time. Approving this one declines it.",
            "Other requests wait for this time. Approving this one declines them.",
            len(self.rivals),
        )

    @property
    def so_far(self) -> str:
        """What the requester has had confirmed so far."""
        return so_far(self.request, self.record)

    @property
    def missed(self) -> str:
        """To how many of the last year nobody came; empty where there is none."""
        return missed(self.record)

    @property
    def people(self) -> str:
        """How many come, and how many fit."""
        return ngettext(
            "%(num)s person, room for %(capacity)s",
            "%(num)s people, room for %(capacity)s",
            self.asked.headcount,
            capacity=self._capacity,
        )

    @property
    def is_too_many(self) -> bool:
        """Whether more come than fit (the place may have shrunk since)."""
        return self.asked.headcount > self._capacity

    @property
    def _capacity(self) -> int:
        return sum(place.spot.capacity for place in self.asked.places)

    @property
    def strip_states(self) -> tuple[str, ...]:
        """What the legend explains: the states of all lines."""
        return tuple(dict.fromkeys(state for strip in self.strips for state in strip.states))

    @property
    def deadline_iso(self) -> str:
        """The deadline for programs."""
        return written(self.asked.decide_by)

    @property
    def why_closed(self) -> str:
        """Why there is nothing to decide."""
        if self.request.waits:
            return _("The time to answer is over: the request expires.")
        return {
            State.CONFIRMED: _("This reservation is confirmed. There is nothing left to decide."),
            State.DECLINED: _("This request was declined."),
            State.CANCELLED: _("This request was cancelled by whoever asked."),
            State.EXPIRED: _("This request expired without an answer."),
        }[self.request.state]

    def moment(self, instant: datetime) -> str:
        """When something was said, on the clock of the place."""
        return texts.moment(instant, self.asked.local.zone_name)

    def changed_since(self, seen_version: int) -> Sequence[Entry]:
        """The acts that a reader of an older version has not seen: each made one version."""
        return self.history[max(0, seen_version) :]


def _with_parts(place: Place) -> list[int]:
    """A place first, then what is taken with it."""
    return [place.resource_id, *(part.resource_id for part in place.parts)]


def case_of(actor: Actor, request: Details, background: Background | None = None) -> Case:
    """Collect it, in the same number of statements for every request."""
    background = background or queries.background_of([request])
    asked = asked_of(request)
    opening_of = _openings(asked)
    window = window_of(asked, opening_of.values())
    most = max(place.spot.units for place in asked.places)
    claims = queries.claims_of_day(resource_ids_of(asked.places), window, most)
    return Case(
        request=request,
        asked=asked,
        who=who_asks(request),
        tags=tags_of(request, asked, background) if is_open(request) else (),
        strips=tuple(
            strip_of(
                asked,
                place,
                opening_of[place.spot.hours_id],
                window,
                [one for key in _with_parts(place) for one in claims[key]],
                request.id,
            )
            for place in asked.places
        ),
        conflicts=tuple(
            _conflict(claim, asked) for claim in background.conflicts.get(request.id, ())
        ),
        rivals=tuple(_other(rival, asked) for rival in background.rivals.get(request.id, ())),
        equipment=_equipment(asked),
        record=queries.records_of([request])[request.id],
        changes=_changes(request, asked) if asked.is_change else (),
        history=history.of(request.public_id, asked.local.zone_name),
        exchanges=background.exchanges.get(request.id, ()),
        deadline=texts.moment(asked.decide_by, asked.local.zone_name),
        deadline_in=format_ago(asked.decide_by, clock.now()),
        is_open=is_open(request),
        may_answer=may_answer(actor, request),
        authorised=_authorised(request, asked),
        in_the_place_of=_absent(actor, request),
    )


def _authorised(request: Details, asked: Asked) -> tuple[Fact, ...]:
    """One fact for each place that asks: until when, or that it is missing on the day."""
    held = authorisations.rights(asked.places, None if request.guest else request.person_id)
    return tuple(
        _fact(place, asked, held) for place in asked.places if place.asks_for_authorisation
    )


def _fact(place: Place, asked: Asked, held: Rights) -> Fact:
    code, until = place.spot.code, held.get(place.policy_id)
    if until is None:
        return Fact(_("%(place)s: no valid authorisation", place=code), is_missing=True)
    text = _("%(place)s: authorised until %(day)s", place=code, day=format_day(until))
    return Fact(text, lacking(place.limits, asked.local, until) is not None)


def _absent(actor: Actor, request: Details) -> str:
    key = in_whose_place(actor, request)
    if key is None:
        return ""
    found = deputies.absences_today_of(actor)
    return next((one.absent.name for one in found if one.person_id == key), "")


def _openings(asked: Asked) -> dict[int, Opening]:
    first, last = asked.local.starts_at.date() - DAY, asked.local.ends_at.date() + DAY
    return openings({place.spot.hours_id for place in asked.places}, first, last)


def _equipment(asked: Asked) -> list[NamedFeature]:
    """What all places have together, each named once."""
    found = features_of([place.resource_id for place in asked.places])
    features = [feature for place in asked.places for feature in found[place.resource_id]]
    return [one for number, one in enumerate(features) if one not in features[:number]]


def _conflict(claim: Claimed, asked: Asked) -> Conflict:
    local = LocalInterval.of(claim.interval, asked.local.zone)
    return Conflict(conflict(claim, local, asked.local.starts_at), claim.public_id)


def _other(rival: Rival, asked: Asked) -> Other:
    local = LocalInterval.of(rival.interval, asked.local.zone)
    return Other(rival.public_id, rival.reference, rival.who, local)


def _changes(request: Details, asked: Asked) -> tuple[Difference, ...]:
    """What a waiting change would make of the confirmed reservation."""
    values = (
        (_("Space"), texts.codes(request.places), asked.codes),
        (_("Time"), when(request.local), when(asked.local)),
        (_("Purpose"), request.title or _("none"), asked.title or _("none")),
        (_("Number of people"), str(request.headcount), str(asked.headcount)),
        (_("Layout"), layout_in_words(request.layout), layout_in_words(asked.layout)),
    )
    return tuple(
        Difference(label, before, after) for label, before, after in values if before != after
    )


def missed(record: Record) -> str:
    """To how many of the person's reservations of the last year nobody came."""
    if not record.missed:
        return ""
    return ngettext(
        "In the last twelve months nobody came to %(num)s reservation of this person",
        "In the last twelve months nobody came to %(num)s reservations of this person",
        record.missed,
    )


def so_far(request: Details, record: Record) -> str:
    """What has been confirmed for whoever asks: for the organisation, else for the person."""
    if request.organisation is None:
        if not record.of_person:
            return _("First reservation of this person")
        return ngettext(
            "%(num)s reservation of this person so far",
            "%(num)s reservations of this person so far",
            record.of_person,
        )
    if not record.of_organisation:
        return _("First reservation of this organisation")
    return ngettext(
        "%(num)s reservation of this organisation so far, %(own)s by this person",
        "%(num)s reservations of this organisation so far, %(own)s by this person",
        record.of_organisation,
        own=record.of_person,
    )
