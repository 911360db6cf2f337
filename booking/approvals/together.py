"""Several decisions at once: each is a transaction of its own, and each has its own result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from booking.core import idempotency
from booking.core.errors import BookingError
from booking.core.idempotency import Answer
from booking.core.permissions import Actor
from booking.reservations import limits, service
from booking.reservations.models import DeclineReason
from booking.reservations.service import Outcome

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Decision:
    """A yes or a no to one request, about the version that was seen."""

    public_id: str
    is_yes: bool
    seen_version: int | None
    declines_others: bool = False
    code: DeclineReason = DeclineReason.OTHER
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """What became of one decision: taken, or why not."""

    public_id: str
    error: BookingError | None = None


def decide_each(actor: Actor, decisions: Iterable[Decision], key: str | None) -> list[Result]:
    """Take one decision after the other; what stands against one stops none of the others.

    The key makes each of them one act, however often they are sent. Each counts: TooManyError, and
    none is taken.
    """
    decisions = list(decisions)
    limits.count_decisions(actor, len(decisions))
    return [_decide(actor, one, key) for one in decisions]


def _decide(actor: Actor, decision: Decision, key: str | None) -> Result:
    try:
        idempotency.once(
            actor,
            f"{key}:{decision.public_id}" if key else None,
            repr(decision).encode(errors="surrogatepass"),
            lambda: Answer(200, _act(actor, decision).public_id),
        )
    except BookingError as error:
        return Result(decision.public_id, error)
    return Result(decision.public_id)


def _act(actor: Actor, decision: Decision) -> Outcome:
    if decision.is_yes:
        return service.approve(
            actor,
            decision.public_id,
            seen_version=decision.seen_version,
            declines_others=decision.declines_others,
        )
    return service.decline(
        actor,
        decision.public_id,
        seen_version=decision.seen_version,
        code=decision.code,
        reason=decision.reason,
    )
