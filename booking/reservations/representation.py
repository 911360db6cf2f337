"""A reservation as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response

from booking.core import permissions, web, zones
from booking.core.i18n import name_in
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor
from booking.core.schema import written
from booking.policies.facts import Place
from booking.reservations import arrivals, questions, texts
from booking.reservations.announcements import expected_for
from booking.reservations.models import DeclineReason
from booking.reservations.place_facts import who_answers_at
from booking.reservations.queries import Decision, Details, PersonName, Waiting
from booking.reservations.questions import Exchange
from booking.reservations.shapes import expected_as_json
from booking.spaces.opening import Expected


def as_json(
    found: Details, actor: Actor, expected: tuple[Expected, ...] | None = None
) -> dict[str, object]:
    """What this actor may see of it; fields one may not see, or that do not apply, are absent.
    What may still be announced is read unless it is known."""
    return list_as_json([found], actor, None if expected is None else {found.id: expected})[0]


def answer_with(
    found: Details, actor: Actor, status: int, expected: tuple[Expected, ...] | None = None
) -> Response:
    """A reservation as the answer to what was done; where it was made (201), with its address."""
    location = web.public_url("reservations_api.show", reservation_id=found.public_id)
    answer = web.answer_json(
        as_json(found, actor, expected), status, location if status == 201 else ""
    )
    answer.set_etag(str(found.version))
    return answer


def list_as_json(
    found: Sequence[Details],
    actor: Actor,
    expected: Mapping[int, tuple[Expected, ...]] | None = None,
) -> list[dict[str, object]]:
    """The same for many; who is asked is read in one statement, and only where something waits."""
    waiting = [place for one in found if one.waits for place in one.places_to_decide]
    asked_of = who_answers_at({place.resource_id for place in waiting}) if waiting else {}
    exchanges = questions.about_each([one.id for one in found if one.decisions])
    expected = expected_for(found) if expected is None else expected
    return [
        _as_json(one, actor, asked_of, exchanges.get(one.id, ())) | _expected(one, expected)
        for one in found
    ]


def _expected(found: Details, expected: Mapping[int, tuple[Expected, ...]]) -> dict[str, object]:
    holidays = expected.get(found.id)
    return {"subject_to_announcement": expected_as_json(holidays)} if holidays else {}


def _as_json(
    found: Details,
    actor: Actor,
    asked_of: Mapping[int, Sequence[str]],
    exchanges: Sequence[Exchange],
) -> dict[str, object]:
    body: dict[str, object] = {
        "id": found.public_id,
        "reference": found.reference,
        "state": found.state.value,
        "version": found.version,
        "sequence": found.sequence,
        "title": found.title,
        "headcount": found.headcount,
        "layout": found.layout and found.layout.value,
        **times_as_json(found.interval, found.local),
        "resources": [_resource(place) for place in found.places],
        "holder": {
            "person": _person(found.person),
            "organisation": None if found.organisation is None else _person(found.organisation),
            **({"guest": found.guest} if found.guest else {}),
        },
        "booked_by": _person(found.booked_by),
        "created_at": written(found.created_at),
        "changed_at": written(found.changed_at),
        "links": {
            "self": web.public_url("reservations_api.show", reservation_id=found.public_id),
            "page": web.public_url("reservations.show", public_id=found.public_id),
            "calendar": web.public_url("calendars.reservation_file", public_id=found.public_id),
        },
    }
    sees_history = permissions.allows(actor, Action.SEE_HISTORY, found)
    if sees_history:
        why = _why(found.closing_code, found.closing_reason)
        body |= {name: value for name, value in why.items() if value is not None}
    if found.series is not None:
        body["series"] = {
            "id": found.series,
            "starts_at": None
            if found.series_start is None
            else found.series_start.isoformat(timespec="minutes"),
            "links": {
                "self": web.public_url("series_api.show", series_id=found.series),
                "page": web.public_url("series.show", public_id=found.series),
            },
        }
    if found.decisions:
        body["approval"] = {
            "deadline": None if found.decide_by is None else written(found.decide_by),
            **({"asked_of": _names(found, asked_of)} if found.waits else {}),
            "decisions": [_decision(one, sees_history) for one in found.decisions],
        }
    if found.amendment is not None:
        body["amendment"] = _amendment(found.amendment)
    if arrivals.is_asked(found):
        body["attendance"] = _attendance(found)
    if exchanges and sees_history:
        body["questions"] = [_exchange(one) for one in exchanges]
    return body


def _attendance(found: Details) -> dict[str, object]:
    attended = found.attended
    return {
        "opens_at": written(arrivals.opens_at(found)),
        "until": written(arrivals.kept_until(found)),
        "checked_in_at": attended.checked_in_at and written(attended.checked_in_at),
        "late_until": attended.late_until and written(attended.late_until),
        "released_at": attended.released_at and written(attended.released_at),
    }


def _names(found: Details, asked_of: Mapping[int, Sequence[str]]) -> list[str]:
    """Whoever is asked, once each; empty where the operator is."""
    names = (name for place in found.places_to_decide for name in asked_of[place.resource_id])
    return list(dict.fromkeys(names))


def times_as_json(interval: Interval, local: LocalInterval) -> dict[str, object]:
    """An interval as instants, and as the wall clock shows it."""
    return {
        "starts_at": written(interval.starts_at),
        "ends_at": written(interval.ends_at),
        "local": {
            "starts_at": local.starts_at.isoformat(timespec="minutes"),
            "ends_at": local.ends_at.isoformat(timespec="minutes"),
            "zone": local.zone_name,
            "offset": zones.offset(interval.starts_at, local.zone),
        },
    }


def _resource(place: Place) -> dict[str, object]:
    spot = place.spot
    return {
        "id": spot.public_id,
        "code": spot.code,
        "name": name_in(spot.names),
        "kind": spot.kind_code,
        "building": spot.building_code,
        "floor": spot.floor_level,
        "area": spot.area_code,
    }


def _person(person: PersonName) -> dict[str, str]:
    return {"id": person.public_id, "name": person.name}


def _decision(decision: Decision, sees_history: bool) -> dict[str, object]:
    """Who said it and why is for whoever may read the history."""
    body: dict[str, object] = {
        "version": decision.version,
        "state": decision.state.value,
        "decided_at": None if decision.decided_at is None else written(decision.decided_at),
    }
    if sees_history:
        by = decision.decided_by
        body["decided_by"] = None if by is None else _person(by)
        body |= _why(decision.reason_code, decision.reason)
    return body


def _why(code: DeclineReason | None, text: str | None) -> dict[str, object]:
    """The reason of the list by its name, and all of it in the reader's words."""
    return {
        "reason_code": None if code is None else code.value,
        "reason": texts.reason(code, text) or None,
    }


def _exchange(one: Exchange) -> dict[str, object]:
    return {
        "question": one.text,
        "asked_by": _person(one.asked_by),
        "asked_at": written(one.asked_at),
        "answer": one.answer,
        "answered_by": None if one.answered_by is None else _person(one.answered_by),
        "answered_at": None if one.answered_at is None else written(one.answered_at),
    }


def _amendment(waiting: Waiting) -> dict[str, object]:
    return {
        "id": waiting.public_id,
        **times_as_json(waiting.interval, waiting.local),
        "resources": [_resource(place) for place in waiting.places],
        "title": waiting.title,
        "headcount": waiting.headcount,
        "layout": waiting.layout and waiting.layout.value,
        "deadline": written(waiting.decide_by),
    }
