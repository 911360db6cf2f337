"""The endpoints of profiles of hours: their weeks, their periods, and Ramadan as it is expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.api.described import PREFIX, changes_of, with_changes
from booking.core import listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Nothing, PublicId, describes
from booking.core.web import acts, current_actor
from booking.profiles import queries, service
from booking.profiles.drafts import PeriodDraft, ProfileDraft, ProfileWeekDraft
from booking.profiles.queries import StoredPeriod, StoredProfile
from booking.profiles.recheck import WouldLeaveOutsideError
from booking.spaces.drafts import Names, SpanDraft
from booking.spaces.models import PeriodState, ProfileCode

MOST_NAMED = 100  # of those left outside

blueprint = Blueprint("profiles_api", __name__, url_prefix=PREFIX)


class WeekOfSet(msgspec.Struct):
    """The week of a set of hours under a profile."""

    hours: int
    week: list[list[SpanDraft]]


class PeriodShown(msgspec.Struct):
    """From which day to which a profile holds, both included; estimated, it holds not yet."""

    id: PublicId
    profile: int
    first_day: date
    last_day: date
    state: PeriodState
    hijri_year: int | None


class ProfileShown(msgspec.Struct):
    """A profile of hours: the weeks of the sets that have one, and its periods, the last first."""

    id: int
    names: Names
    code: ProfileCode | None
    weeks: list[WeekOfSet]
    periods: list[PeriodShown]


class WeekWanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PUT /hour-profiles/{id}/weeks/{hours}: `seen` is the mark of the reservations of
    which it is confirmed that they lie outside then."""

    week: tuple[tuple[SpanDraft, ...], ...]
    seen: str | None = None


class PeriodWanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /hour-profiles/{id}/periods; `seen` as above."""

    first_day: date
    last_day: date
    is_announced: bool = True
    seen: str | None = None


class PeriodChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /hour-periods/{id}; what is absent stays. Without `is_announced` it is
    announced."""

    first_day: date | None = None
    last_day: date | None = None
    is_announced: bool = True
    seen: str | None = None


class SeenQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a DELETE; `seen` as above."""

    seen: str | None = None


class Proposed(msgspec.Struct):
    """How many were added."""

    added: int


ProfileChange = changes_of(ProfileDraft)


@blueprint.get("/hour-profiles")
@acts(Action.SEE_SPACES)
@describes(query=Nothing, items=ProfileShown)
def index() -> Response:
    """All profiles."""
    schema.query(Nothing)
    return listing.answer([_as_json(one) for one in queries.profiles()], None)


@blueprint.post("/hour-profiles")
@acts(Action.OPERATE)
@describes(body=ProfileDraft, answer=ProfileShown, status=201)
def create() -> Response:
    """Add a profile that has no weeks and no periods yet."""
    actor, draft = current_actor(), schema.body(ProfileDraft)
    answer = web.once(actor, lambda: Answer(201, str(service.add(actor, draft))))
    location = web.public_url("profiles_api.show", profile_id=answer.location)
    shown = _as_json(queries.profile(int(answer.location)))
    return web.answer_json(shown, answer.status, location)


@blueprint.post("/hour-profiles/propose")
@acts(Action.OPERATE)
@describes(body=Nothing, answer=Proposed)
def propose() -> Response:
    """Add the Ramadans that are expected within a year, as estimated."""
    schema.body(Nothing)
    actor = current_actor()
    answer = web.once(actor, lambda: Answer(200, str(service.propose(actor))))
    return web.answer_json({"added": int(answer.location)})


@blueprint.get("/hour-profiles/<int:profile_id>")
@acts(Action.SEE_SPACES)
@describes(query=Nothing, answer=ProfileShown)
def show(profile_id: int) -> Response:
    """One profile."""
    schema.query(Nothing)
    return _profile(profile_id)


@blueprint.patch("/hour-profiles/<int:profile_id>")
@acts(Action.OPERATE)
@describes(body=ProfileChange, answer=ProfileShown)
def rename(profile_id: int) -> Response:
    """Call it otherwise."""
    stored = queries.profile(profile_id)
    draft = with_changes(stored.draft, schema.body(ProfileChange))
    service.rename(current_actor(), profile_id, draft, listing.seen_mark())
    return _profile(profile_id)


@blueprint.delete("/hour-profiles/<int:profile_id>")
@acts(Action.OPERATE)
@describes(status=204)
def remove(profile_id: int) -> Response:
    """Delete a profile whose periods are all left out."""
    service.remove(current_actor(), profile_id)
    return Response(status=204)


@blueprint.put("/hour-profiles/<int:profile_id>/weeks/<int:hours_id>")
@acts(Action.OPERATE)
@describes(body=WeekWanted, answer=ProfileShown)
def set_week(profile_id: int, hours_id: int) -> Response:
    """Give a set of hours a week under the profile, or another one from today on."""
    actor, wanted = current_actor(), schema.body(WeekWanted)
    draft = ProfileWeekDraft(week=wanted.week)

    def act() -> str:
        service.set_week(actor, profile_id, hours_id, draft, seen=wanted.seen)
        return str(profile_id)

    return _confirmed(act, lambda _location: _profile(profile_id))


@blueprint.delete("/hour-profiles/<int:profile_id>/weeks/<int:hours_id>")
@acts(Action.OPERATE)
@describes(query=SeenQuery, status=204)
def remove_week(profile_id: int, hours_id: int) -> Response:
    """Let the set be as usual under the profile, which has not held yet."""
    actor, asked = current_actor(), schema.query(SeenQuery)

    def act() -> str:
        service.remove_week(actor, profile_id, hours_id, seen=asked.seen)
        return ""

    return _confirmed(act, lambda _location: Response(status=204))


@blueprint.post("/hour-profiles/<int:profile_id>/periods")
@acts(Action.OPERATE)
@describes(body=PeriodWanted, answer=PeriodShown, status=201)
def add_period(profile_id: int) -> Response:
    """Let the profile hold on these days."""
    actor, wanted = current_actor(), schema.body(PeriodWanted)
    draft = PeriodDraft(
        first_day=wanted.first_day, last_day=wanted.last_day, is_announced=wanted.is_announced
    )

    def act() -> str:
        return service.add_period(actor, profile_id, draft, seen=wanted.seen)

    return _confirmed(act, _period_made)


@blueprint.get("/hour-periods/<uuid:period_id>")
@acts(Action.SEE_SPACES)
@describes(query=Nothing, answer=PeriodShown)
def show_period(period_id: UUID) -> Response:
    """One period."""
    schema.query(Nothing)
    return _period(str(period_id))


@blueprint.patch("/hour-periods/<uuid:period_id>")
@acts(Action.OPERATE)
@describes(body=PeriodChange, answer=PeriodShown)
def change_period(period_id: UUID) -> Response:
    """Announce it, or let it begin or end on another day; also one that was left out."""
    actor, wanted = current_actor(), schema.body(PeriodChange)
    found, mark = queries.period(str(period_id)), listing.seen_mark()
    draft = PeriodDraft(
        first_day=wanted.first_day or found.first_day,
        last_day=wanted.last_day or found.last_day,
        is_announced=wanted.is_announced,
    )

    def act() -> str:
        service.change_period(actor, found.public_id, draft, mark=mark, seen=wanted.seen)
        return found.public_id

    return _confirmed(act, _period)


@blueprint.delete("/hour-periods/<uuid:period_id>")
@acts(Action.OPERATE)
@describes(query=SeenQuery, status=204)
def leave_out(period_id: UUID) -> Response:
    """Let the usual hours go on; it stays in the list and can be announced later."""
    actor, asked = current_actor(), schema.query(SeenQuery)

    def act() -> str:
        service.leave_out(actor, str(period_id), seen=asked.seen)
        return ""

    return _confirmed(act, lambda _location: Response(status=204))


def _confirmed(act: Callable[[], str], shown: Callable[[str], Response]) -> Response:
    """Do it once; 409 with whom it would leave outside while that is not confirmed."""
    try:
        answer = web.once(current_actor(), lambda: Answer(200, act()))
    except WouldLeaveOutsideError as error:
        return outside(error)
    return shown(answer.location)


def outside(error: WouldLeaveOutsideError) -> Response:
    """409 with whom other hours would leave outside."""
    return web.problem(
        409,
        "stale" if error.is_stale else error.code,
        "Reservations would lie outside the new hours",
        "Send the mark in `seen` to change the hours all the same; these reservations stay.",
        count=len(error.left),
        reservations=[one.public_id for one in error.left[:MOST_NAMED]],
        seen=error.seen,
    )


def _profile(key: int) -> Response:
    found = queries.profile(key)
    return listing.read(_as_json(found), found.mark)


def _period(public_id: str) -> Response:
    found = queries.period(public_id)
    return listing.read(_period_as_json(found), found.mark)


def _period_made(public_id: str) -> Response:
    location = web.public_url("profiles_api.show_period", period_id=public_id)
    return web.answer_json(_period_as_json(queries.period(public_id)), 201, location)


def _as_json(found: StoredProfile) -> dict[str, object]:
    return {
        "id": found.key,
        **found.draft.values,
        "code": None if found.code is None else found.code.value,
        "weeks": [{"hours": one.hours_key, **one.draft.values} for one in found.weeks],
        "periods": [_period_as_json(one) for one in found.periods],
    }


def _period_as_json(one: StoredPeriod) -> dict[str, object]:
    return {
        "id": one.public_id,
        "profile": one.profile_key,
        "first_day": one.first_day.isoformat(),
        "last_day": one.last_day.isoformat(),
        "state": one.state.value,
        "hijri_year": one.hijri_year,
    }
