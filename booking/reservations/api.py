"""The endpoints of reservations: book, read, change, cancel."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from flask import Blueprint, Response, request
from sqlalchemy import ColumnElement, and_, or_

from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.refusals import LayoutKind, facts_as_json
from booking.core.schema import Moment, PublicId, describes, moment, public_id
from booking.core.web import acts, current_actor
from booking.demand import service as demand
from booking.people.viewings import note_view
from booking.reservations import alternatives, queries, series, service
from booking.reservations.alternatives import Alternative
from booking.reservations.models import Reservation, State
from booking.reservations.representation import answer_with, as_json, list_as_json
from booking.reservations.series import OnConflict, SeriesWish
from booking.reservations.series_shapes import (
    ExceptionShape,
    Holder,
    PreviewShown,
    RepetitionShape,
    SeriesPreview,
    alternative_as_json,
    dates_as_json,
    series_wish,
)
from booking.reservations.service import Outcome
from booking.reservations.shapes import (
    ReservationShown,
    VerdictShown,
    balances_as_json,
    expected_as_json,
)
from booking.reservations.wishes import Change, Wish, checked_resources

blueprint = Blueprint("reservations_api", __name__, url_prefix="/api/v1")


class Override(msgspec.Struct, forbid_unknown_fields=True):
    """Why rules of the house are set aside."""

    reason: str


class NewReservation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /reservations; with a repetition it is a series of them."""

    resources: list[PublicId]
    starts_at: Moment
    ends_at: Moment
    title: str = ""
    headcount: int = 1
    layout: LayoutKind | None = None
    holder: Holder = msgspec.field(default_factory=Holder)
    override: Override | None = None
    repetition: RepetitionShape | None = None
    on_conflict: OnConflict | None = None
    exceptions: list[ExceptionShape] = []


class ChangedReservation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /reservations/{id}; what is absent stays. Without a layout, `null`, the
    rooms are as they stand."""

    resources: list[PublicId] | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    title: str | None = None
    headcount: int | None = None
    layout: LayoutKind | msgspec.UnsetType | None = msgspec.UNSET
    override: Override | None = None


class Cancellation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /reservations/{id}/cancel."""

    reason: str = ""


class Transfer(msgspec.Struct, forbid_unknown_fields=True):
    """The body of transfer."""

    person: PublicId


class Answering(msgspec.Struct, forbid_unknown_fields=True):
    """The body of answer."""

    text: str


class Filter(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The query of GET /reservations."""

    from_: Moment | None = None
    to: Moment | None = None
    mine: bool = False
    resource: PublicId | None = None
    organisation: PublicId | None = None
    state: State | None = None
    limit: int | None = None
    cursor: str | None = None


class Question(msgspec.Struct, forbid_unknown_fields=True, rename={"with_": "with"}):
    """The query of GET /resources/{id}/verdict; further resources are parted by commas."""

    starts_at: Moment
    ends_at: Moment
    headcount: int = 1
    layout: LayoutKind | None = None
    with_: str | None = None
    organisation: PublicId | None = None


@blueprint.post("/reservations")
@acts(Action.BOOK)
@describes(body=NewReservation, answer=ReservationShown, status=201)
def create() -> Response:
    """Book, or ask for, one resource or several together, for oneself or for a colleague; with a
    repetition all its dates or none. Of a series the answer is the first reservation."""
    actor = current_actor()
    asked = schema.body(NewReservation)
    wish = wish_from(asked)
    if asked.override is not None:
        return _by_exception(actor, asked, wish, asked.override.reason)
    if asked.repetition is not None:
        wanted = series_wish(
            wish, asked.repetition, asked.exceptions, asked.on_conflict or OnConflict.REFUSE
        )
        return _series_once(actor, wanted)
    if asked.on_conflict is not None or asked.exceptions:
        raise InvalidError({"repetition": Problem.MISSING})
    try:
        with demand.counting(wish.resources, wish.starts_at, wish.headcount):
            return _once(actor, lambda: service.book(actor, wish), status=201)
    except RefusedError as refused:
        return refusal(refused, alternatives.find(actor, wish))


def _by_exception(actor: Actor, asked: NewReservation, wish: Wish, reason: str) -> Response:
    """One reservation although rules speak against it; a series has no exceptions of this kind."""
    if asked.repetition is not None or asked.on_conflict is not None or asked.exceptions:
        raise InvalidError({"override": Problem.UNKNOWN})
    try:
        with demand.counting(wish.resources, wish.starts_at, wish.headcount):
            return _once(
                actor, lambda: service.book_by_exception(actor, wish, reason=reason), status=201
            )
    except RefusedError as refused:
        return refusal(refused, alternatives.find(actor, wish))


def wish_from(asked: NewReservation | SeriesPreview) -> Wish:
    """The wish of a body."""
    return Wish(
        resources=_ids(asked.resources),
        starts_at=moment("starts_at", asked.starts_at),
        ends_at=moment("ends_at", asked.ends_at),
        title=asked.title,
        headcount=asked.headcount,
        organisation_id=asked.holder.organisation,
        person_id=None if asked.holder.person is None else public_id("person", asked.holder.person),
        guest=asked.holder.guest,
        layout=asked.layout,
    )


def _series_once(actor: Actor, wanted: SeriesWish) -> Response:
    """Book a series once for the Idempotency-Key; refused, the answer holds every date."""
    wish = wanted.wish
    try:
        with demand.counting(wish.resources, wish.starts_at, wish.headcount):
            answer = web.once(actor, lambda: Answer(201, series.book(actor, wanted).public_id))
    except RefusedError as refused:
        return web.problem(
            409,
            refused.code,
            "The house rules or other reservations stand in the way of some dates",
            reasons=[facts_as_json(one) for one in refused.refusals],
            alternatives=[],
            dates=dates_as_json(series.look(actor, wanted)),
        )
    _found, reservations = queries.series(actor, answer.location)
    location = web.public_url("series_api.show", series_id=answer.location)
    response = web.answer_json(as_json(reservations[0], actor), answer.status, location)
    response.set_etag(str(reservations[0].version))
    return response


@blueprint.post("/series/preview")
@acts(Action.BOOK)
@describes(body=SeriesPreview, answer=PreviewShown)
def preview() -> Response:
    """Every date of a series before it is booked: what stands against it, and what would do
    instead. Nothing is claimed: the answer may be overtaken."""
    actor = current_actor()
    asked = schema.body(SeriesPreview)
    wanted = series_wish(wish_from(asked), asked.repetition, asked.exceptions, OnConflict.REFUSE)
    found = series.look(actor, wanted)
    return web.answer_json(
        {
            "dates": dates_as_json(found),
            "needs_approval": found.needs_approval,
            "free": len(found.bookable),
            "conflicts": len(found.conflicts),
        }
    )


@blueprint.get("/reservations")
@acts(Action.SEE_RESERVATIONS)
@describes(query=Filter, items=ReservationShown)
def index() -> Response:
    """The reservations one may see, by start."""
    actor = current_actor()
    wanted = schema.query(Filter)
    count = listing.limit(wanted.limit)
    found = queries.find(queries.visible_to(actor), *_conditions(actor, wanted), limit=count + 1)
    cursor = None
    if len(found) > count:
        last = found[count - 1]
        cursor = listing.to_cursor(int(last.interval.starts_at.timestamp()), last.id)
    return listing.answer(list_as_json(found[:count], actor), cursor)


@blueprint.get("/reservations/<uuid:reservation_id>")
@acts(Action.SEE_RESERVATION)
@describes(answer=ReservationShown)
def show(reservation_id: UUID) -> Response:
    """One reservation; its ETag is its version."""
    actor = current_actor()
    found = queries.details(actor, str(reservation_id))
    note_view(actor, found.person_id)
    return listing.read(as_json(found, actor), etag=str(found.version))


@blueprint.patch("/reservations/<uuid:reservation_id>")
@acts(Action.CHANGE)
@describes(body=ChangedReservation, answer=ReservationShown)
def change(reservation_id: UUID) -> Response:
    """Move, shorten, extend, rename, add or give back resources; `amendment` stands in the answer
    while approval is asked."""
    actor = current_actor()
    asked = schema.body(ChangedReservation)
    wanted = Change(
        resources=None if asked.resources is None else _ids(asked.resources),
        starts_at=None if asked.starts_at is None else moment("starts_at", asked.starts_at),
        ends_at=None if asked.ends_at is None else moment("ends_at", asked.ends_at),
        title=asked.title,
        headcount=asked.headcount,
        layout=asked.layout,
    )
    key, version = str(reservation_id), seen_version()
    try:
        if asked.override is None:
            service.change(actor, key, wanted, seen_version=version)
        else:
            reason = asked.override.reason
            service.change_by_exception(actor, key, wanted, reason=reason, seen_version=version)
    except RefusedError as refused:
        wish = alternatives.whole_wish(queries.details(actor, key), wanted)
        demand.note_refused(refused, wish.resources, wish.starts_at, wish.headcount)
        offered = alternatives.for_change(actor, key, wanted)
        return refusal(refused, offered)
    return show(reservation_id)


@blueprint.post("/reservations/<uuid:reservation_id>/cancel")
@acts(Action.CANCEL)
@describes(body=Cancellation, answer=ReservationShown)
def cancel(reservation_id: UUID) -> Response:
    """Give the reservation back."""
    actor = current_actor()
    asked = schema.body(Cancellation)
    return _once(
        actor, lambda: service.cancel(actor, str(reservation_id), reason=asked.reason), status=200
    )


@blueprint.post("/reservations/<uuid:reservation_id>/transfer")
@acts(Action.CHANGE)
@describes(body=Transfer, status=204)
def transfer(reservation_id: UUID) -> Response:
    """Give it to a colleague in the organisation it is for. One that is for no organisation can no
    longer be seen afterwards."""
    actor = current_actor()
    to = public_id("person", schema.body(Transfer).person)
    seen = seen_version()

    def act() -> Answer:
        done = service.transfer(actor, str(reservation_id), to=to, seen_version=seen)
        return Answer(204, done.public_id)

    return Response(status=web.once(actor, act).status)


@blueprint.post("/reservations/<uuid:reservation_id>/answer")
@acts(Action.ANSWER)
@describes(body=Answering, answer=ReservationShown)
def answer(reservation_id: UUID) -> Response:
    """Answer what was asked about the request."""
    actor = current_actor()
    asked = schema.body(Answering)
    return _once(
        actor, lambda: service.answer(actor, str(reservation_id), text=asked.text), status=200
    )


@blueprint.get("/resources/<uuid:resource_id>/verdict")
@acts(Action.BOOK)
@describes(query=Question, answer=VerdictShown)
def verdict(resource_id: UUID) -> Response:
    """Could I have it, alone or with others? Nothing is claimed: the answer may be overtaken."""
    actor = current_actor()
    asked = schema.query(Question)
    others = asked.with_.split(",") if asked.with_ else []
    wish = Wish(
        (str(resource_id), *(public_id("with", one) for one in others)),
        moment("starts_at", asked.starts_at),
        moment("ends_at", asked.ends_at),
        headcount=asked.headcount,
        organisation_id=asked.organisation,
        layout=asked.layout,
    )
    judged = alternatives.verdict(actor, wish)
    offered = [] if judged.allowed else alternatives.find(actor, wish)
    return listing.read(
        {
            "allowed": judged.allowed,
            "needs_approval": judged.needs_approval,
            "reasons": [facts_as_json(refusal) for refusal in judged.refusals],
            "alternatives": [alternative_as_json(one) for one in offered],
            "balances": balances_as_json(judged.balances),
            "subject_to_announcement": expected_as_json(judged.expected),
        }
    )


def seen_version() -> int | None:
    """The version a client names by If-Match; None without one, or for `*`."""
    tags = request.if_match
    if not tags or tags.star_tag:
        return None
    versions = [tag for tag in tags.as_set() if tag.isascii() and tag.isdigit()]
    return int(versions[0][:9]) if versions else 0  # no version is 0: a foreign tag is stale


def refusal(refused: RefusedError, offered: list[Alternative]) -> Response:
    """Every reason, and what would succeed instead."""
    return web.problem(
        409,
        refused.code,
        "The house rules or another reservation stand in the way",
        reasons=[facts_as_json(one) for one in refused.refusals],
        alternatives=[alternative_as_json(one) for one in offered],
    )


def _ids(resource_ids: list[str]) -> tuple[str, ...]:
    return tuple(public_id("resources", one) for one in checked_resources(resource_ids))


def _once(actor: Actor, act: Callable[[], Outcome], *, status: int) -> Response:
    """Run a verb once for the Idempotency-Key of this request; show what it made, else what
    stands there now."""
    made: Outcome | None = None

    def run() -> Answer:
        nonlocal made
        made = act()
        return Answer(status, made.public_id)

    answer = web.once(actor, run)
    if made is None or made.details is None:
        found, expected = queries.details(actor, answer.location), None
    else:
        found, expected = made.details, made.expected
    return answer_with(found, actor, answer.status, expected)


def _conditions(actor: Actor, wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.mine:
        conditions.append(queries.mine(actor))
    if wanted.state is not None:
        conditions.append(Reservation.state == wanted.state)
    if wanted.resource is not None:
        conditions.append(queries.of_resource(public_id("resource", wanted.resource)))
    if wanted.organisation is not None:
        wanted_id = public_id("organisation", wanted.organisation)
        conditions.append(queries.of_organisation(wanted_id))
    if wanted.from_ is not None:
        conditions.append(Reservation.ends_at > schema.instant("from", wanted.from_))
    if wanted.to is not None:
        conditions.append(Reservation.starts_at < schema.instant("to", wanted.to))
    if wanted.cursor is not None:
        seconds, last_id = listing.from_cursor(wanted.cursor, int, int)
        starts_at = listing.instant_of(int(seconds))
        conditions.append(
            or_(
                Reservation.starts_at > starts_at,
                and_(
                    Reservation.starts_at == starts_at,
                    Reservation.id > min(int(last_id), listing.LARGEST_KEY),
                ),
            )
        )
    return conditions
