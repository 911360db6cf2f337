"""Which spaces are taken together: a large room and its parts, with what is reserved already.

A link is directed: taking the large room takes its parts. It goes one step: a part has no parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Select, delete, exists, insert, select
from sqlalchemy.orm import aliased

from booking.core import clock
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem, RefusedError
from booking.core.fingerprints import require_unchanged
from booking.core.intervals import Interval, gaps
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import Refusal
from booking.journal import service as journal
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, Hold
from booking.occupancy.models import occupancy as claims
from booking.occupancy.queries import Busy
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import pooling, queries
from booking.reservations.claims import bump_places, had_by_each
from booking.reservations.models import (
    LIVE,
    Amendment,
    AmendmentResource,
    Reservation,
    ReservationResource,
)
from booking.spaces.drafts import ResourceDraft
from booking.spaces.models import Resource, ResourcePart

MOST_PARTS = 20
MOST_NAMED = 20  # of what is in the way


def parts_of(place: Place) -> dict[str, object]:
    """What a form shows of the links, for its fingerprint."""
    return {"parts": [part.code for part in place.parts]}


def codes_of_parts(public_ids: Collection[str]) -> dict[str, list[str]]:
    """What is taken with each of these, in as many statements for many as for one."""
    return {
        place.spot.public_id: [one.code for one in place.parts]
        for place in facts.places(Resource.public_id.in_(public_ids))
    }


def parts_by_whole() -> dict[str, tuple[str, ...]]:
    """What is taken with each space that has parts, all by their codes; one statement."""
    whole, part = aliased(Resource, name="whole"), aliased(Resource, name="part")
    rows = session().execute(
        select(whole.code, part.code)
        .select_from(ResourcePart)
        .join(whole, whole.id == ResourcePart.resource_id)
        .join(part, part.id == ResourcePart.part_id)
        .order_by(whole.code, part.code)
    )
    found: dict[str, tuple[str, ...]] = {}
    for code, of_part in rows:
        found[code] = (*found.get(code, ()), of_part)
    return found


def is_in_the_way(public_id: str, codes: Sequence[str]) -> bool:
    """Whether one of these could not be taken with a space, because of what is reserved ahead of
    it; reads only."""
    whole = place_of(public_id)
    before = {one.code for one in whole.parts}
    added = facts.places(Resource.code.in_(set(codes) - before))
    wanted = [claim for part in added for claim in _claims_ahead(whole, part, locked=False)]
    return any(True for _ in _in_the_way(wanted))


def place_of(public_id: str) -> Place:
    """A space, retired or not; raises NotFoundError."""
    found = facts.places(Resource.public_id == public_id)
    if not found:
        raise NotFoundError
    return found[0]


@transactional
def change_place(
    actor: Actor,
    public_id: str,
    draft: ResourceDraft,
    parts: Sequence[str] | None,
    seen: str | None = None,
) -> None:
    """Replace what is said about a space and, unless None, what is taken with it."""
    pooling.change_resource(actor, public_id, draft, seen)
    if parts is not None:
        set_parts(actor, public_id, parts)


@transactional
def set_parts(actor: Actor, public_id: str, codes: Sequence[str], seen: str | None = None) -> None:
    """Say, by their codes, which spaces are taken with this one: these and no others.

    A new part is claimed for what is reserved ahead of the whole; RefusedError names what is in
    the way, and then nothing changes. Raises InvalidError for a code that can be no part.
    """
    require(actor, Action.OPERATE)
    wanted = _keys_of(codes)
    whole = place_of(public_id)
    _hold_still({whole.resource_id, *wanted, *(one.resource_id for one in whole.parts)})
    whole = place_of(public_id)  # as it is, now that nobody else can change it
    require_unchanged(seen, parts_of(whole))
    parts = facts.places(Resource.id.in_(wanted)) if wanted else []
    before = {one.resource_id for one in whole.parts}
    added = [part for part in parts if part.resource_id not in before]
    _refuse_what_cannot_be(whole, parts, added)
    gone = before - {part.resource_id for part in parts}
    _unlink(whole, gone)
    _link(whole, added)
    if not added and not gone:
        return
    after = ", ".join(sorted(part.spot.code for part in parts))
    journal.write(
        actor,
        "resource_changed",
        subject_kind="resource",
        subject_id=public_id,
        before={"parts": ", ".join(one.code for one in whole.parts)},
        after={"parts": after},
    )
    bump_places([whole, *parts])


def _keys_of(codes: Sequence[str]) -> list[int]:
    asked = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    if not all(map(str.isprintable, asked)):  # no code has such signs, and PostgreSQL no such text
        raise InvalidError({"parts": Problem.NOT_FOUND})
    if len(asked) > MOST_PARTS:
        raise InvalidError({"parts": Problem.TOO_MANY})
    found = session().scalars(select(Resource.id).where(Resource.code.in_(asked))).all()
    if len(found) < len(asked):
        raise InvalidError({"parts": Problem.NOT_FOUND})
    return list(found)


def _hold_still(resource_ids: Collection[int]) -> None:
    """First the reservations, as whoever decides and changes takes them, then the resources, for
    which every new reservation of them waits."""
    _live_at(resource_ids)
    session().execute(
        select(Resource.id)
        .where(Resource.id.in_(resource_ids))
        .order_by(Resource.id)
        .with_for_update()
    )


def _live_at(resource_ids: Collection[int], *, locked: bool = True) -> Sequence[int]:
    """What holds these resources ahead, held against other writers unless it is only read."""
    statement = (
        select(Reservation.id)
        .where(
            Reservation.state.in_(LIVE),
            Reservation.ends_at > clock.now(),
            queries.of_any(resource_ids),
        )
        .order_by(Reservation.id)
    )
    return session().scalars(statement.with_for_update() if locked else statement).all()


def _refuse_what_cannot_be(whole: Place, parts: Sequence[Place], added: Sequence[Place]) -> None:
    problem = None
    if any(part.resource_id == whole.resource_id for part in parts):
        problem = Problem.ITSELF
    elif parts and (whole.spot.units > 1 or any(part.spot.units > 1 for part in parts)):
        problem = Problem.POOL
    elif any(part.parts for part in parts):
        problem = Problem.HAS_PARTS
    elif parts and whole.part_of:
        problem = Problem.IS_PART
    elif any(part.spot.retired_at is not None for part in added):
        problem = Problem.NOT_FOUND
    if problem is not None:
        raise InvalidError({"parts": problem})


# --- claims ---


def _link(whole: Place, added: Sequence[Place]) -> None:
    if not added:
        return
    session().execute(
        insert(ResourcePart),
        [{"resource_id": whole.resource_id, "part_id": part.resource_id} for part in added],
    )
    wanted = [claim for part in added for claim in _claims_ahead(whole, part)]
    try:
        occupancy.claim_each(wanted)
    except RefusedError as refused:
        raise RefusedError(tuple(_in_the_way(wanted))[:MOST_NAMED] or refused.refusals) from refused


def _claims_ahead(whole: Place, part: Place, *, locked: bool = True) -> list[tuple[Owner, Claim]]:
    """What a part has to be claimed for: each reservation ahead, and each change that holds."""
    live = queries.find(Reservation.id.in_(_live_at([whole.resource_id], locked=locked)))
    had = had_by_each({one.id: one.interval for one in live})
    taken = _claims_at(part)
    found = []
    for one in live:
        span = had[one.id].spans.get(whole.resource_id)
        own = [busy.interval for busy in taken if busy.reservation_id == one.id]
        found += [
            (Owner(reservation_id=one.id), _linked(part, free, ClaimKind.LINKED))
            for free in ([] if span is None else gaps(span, own))
        ]
    for held in _claims_at(whole):
        if held.hold_id is not None:
            own = [busy.interval for busy in taken if busy.hold_id == held.hold_id]
            found += [
                (Owner(hold_id=held.hold_id), _linked(part, free, ClaimKind.HOLD))
                for free in gaps(held.interval, own)
            ]
    return found


def _claims_at(place: Place) -> list[Busy]:
    return occupancy_queries.ahead_of(place.resource_id, clock.now())


def _linked(part: Place, interval: Interval, kind: ClaimKind) -> Claim:
    spot = part.spot
    return Claim(part.resource_id, interval, spot.code, spot.zone_name, kind=kind)


def _in_the_way(wanted: Iterable[tuple[Owner, Claim]]) -> Iterable[Refusal]:
    for _owner, claim in wanted:
        busy = occupancy_queries.claim_in_the_way(claim.resource_id, claim.interval)
        if busy is not None:
            yield occupancy.refused(claim, busy)


def _unlink(whole: Place, gone: Collection[int]) -> None:
    """Free what was taken with the whole, but for what another space of the same reservation, or
    the reservation itself, needs."""
    if not gone:
        return
    session().execute(
        delete(ResourcePart).where(
            ResourcePart.resource_id == whole.resource_id, ResourcePart.part_id.in_(gone)
        )
    )
    still = exists().where(
        ReservationResource.reservation_id == claims.c.reservation_id,
        ResourcePart.resource_id == ReservationResource.resource_id,
        ResourcePart.part_id == claims.c.resource_id,
    )
    of_whole = select(ReservationResource.reservation_id).where(
        ReservationResource.resource_id == whole.resource_id
    )
    session().execute(
        delete(claims).where(
            claims.c.resource_id.in_(gone),
            claims.c.kind == ClaimKind.LINKED.value,
            claims.c.reservation_id.in_(of_whole),
            ~still,
        )
    )
    session().execute(
        delete(claims).where(
            claims.c.resource_id.in_(gone), claims.c.hold_id.in_(_holds_for(whole, gone))
        )
    )


def _holds_for(whole: Place, gone: Collection[int]) -> Select[int]:
    """The holds of changes that ask for the whole and not for the part itself."""
    other = aliased(AmendmentResource, name="other")
    asks_for_part = exists().where(other.amendment_id == Amendment.id, other.resource_id.in_(gone))
    return (
        select(Hold.id)
        .join(Amendment, Amendment.id == Hold.amendment_id)
        .join(AmendmentResource, AmendmentResource.amendment_id == Amendment.id)
        .where(AmendmentResource.resource_id == whole.resource_id, ~asks_for_part)
    )
