"""Any place that will do: the best one that nobody takes in the meantime is booked at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from booking.core.database import savepoint, transactional
from booking.core.errors import RefusedError
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import Reason as Against
from booking.core.refusals import Refusal, TooFewTogether
from booking.finding import finder, queries
from booking.finding.queries import Park
from booking.finding.rules import Candidate, Reason
from booking.finding.wishes import Wanted
from booking.occupancy import service as occupancy
from booking.policies.facts import Place
from booking.policies.quotas import Counted
from booking.reservations import quotas
from booking.reservations import service as reservations
from booking.reservations.service import Outcome
from booking.reservations.wishes import Wish

LOOKS = 3  # what was free when it was looked at may be taken by the time it is claimed
MOST_TRIED = 40  # of one look


@dataclass(frozen=True)
class Assigned:
    """What was booked, and why this one."""

    outcome: Outcome
    reasons: tuple[Reason, ...]


@transactional
def book_any(
    actor: Actor,
    park: Park,
    wanted: Wanted,
    *,
    title: str = "",
    organisation_id: str | None = None,
) -> Assigned:
    """Book, or ask for, one of the places that will do, in the order in which a search shows them.

    Raises InvalidError as a search and `book` do, RefusedError where there is none.
    """
    require(actor, Action.BOOK)
    only = actor.memberships[0].public_id if len(actor.memberships) == 1 else None
    refusals: tuple[Refusal, ...] = ()
    for _ in range(LOOKS):
        ranking = finder.rank(actor, park, wanted)
        refusals = ranking.refusals
        tried = ranking.candidates[:MOST_TRIED]
        places = queries.places([one.resource_id for one in tried]) if tried else {}
        quotas.hold(places.values(), [_counted(actor, organisation_id or only)])
        for candidate in _in_turn(tried):
            place = places[candidate.resource_id]
            wish = _wish(place, wanted, title, organisation_id or only)
            outcome = _book_if_free(actor, wish)
            if outcome is not None:
                return Assigned(outcome, ranking.reasons(candidate))
        if not ranking.candidates:
            break
    nothing = Refusal(Against.TOO_FEW_TOGETHER, TooFewTogether(wanted=1, free=0))
    raise RefusedError((nothing, *refusals))


def _in_turn(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best first; those that somebody else is trying this moment come once more at the end."""
    passed_over = []
    for candidate in candidates:
        if occupancy.try_first(candidate.resource_id):
            yield candidate
        else:
            passed_over.append(candidate)
    yield from passed_over


def _counted(actor: Actor, organisation_id: str | None) -> Counted:
    """For whom it counts; held before any place is."""
    keys = {one.public_id: one.organisation_id for one in actor.memberships}
    return Counted(actor.person_id, None if organisation_id is None else keys.get(organisation_id))


def _wish(place: Place, wanted: Wanted, title: str, organisation_id: str | None) -> Wish:
    return Wish(
        (place.spot.public_id,),
        wanted.local.starts_at,
        wanted.local.ends_at,
        title=title,
        headcount=1 if place.spot.capacity == 1 else wanted.people,
        organisation_id=organisation_id,
    )


def _book_if_free(actor: Actor, wish: Wish) -> Outcome | None:
    """None where somebody has just taken it; any other refusal is one."""
    try:
        with savepoint():
            return reservations.book(actor, wish)
    except RefusedError as refused:
        if any(one.reason is not Against.SLOT_TAKEN for one in refused.refusals):
            raise
        return None
