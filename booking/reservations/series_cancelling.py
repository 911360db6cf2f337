"""Cancelling several dates of a series at once: first which they are, then exactly these."""

from __future__ import annotations

from dataclasses import dataclass

from booking.core.database import transactional
from booking.core.errors import ForbiddenError, RefusedError
from booking.core.fingerprints import fingerprint, require_unchanged
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import Refusal
from booking.reservations import series_acts, service
from booking.reservations.models import SeriesAct
from booking.reservations.queries import Details
from booking.reservations.series_acts import Dates, Done
from booking.reservations.standing import versions


@dataclass(frozen=True)
class Staying:
    """A date that is ahead and stays; without a refusal it is not for this actor to cancel."""

    details: Details
    refusal: Refusal | None


@dataclass(frozen=True)
class Going:
    """What would be cancelled, and what of the dates ahead would stay."""

    dates: Dates
    going: tuple[Details, ...]
    staying: tuple[Staying, ...]

    @property
    def seen(self) -> str:
        """The mark of exactly these, as they stand now."""
        return fingerprint(versions(self.going))


@dataclass(frozen=True)
class Cancelled:
    """What was cancelled."""

    public_id: str
    reservations: tuple[Details, ...]


def look(actor: Actor, public_id: str, *, since: str | None = None) -> Going:
    """Which dates would go: all that are ahead, or those from the named reservation on.

    Raises NotFoundError as `series_acts.dates` does, ForbiddenError where the actor may cancel
    none of them, RefusedError where none can be cancelled any more.
    """
    return _going(actor, series_acts.dates(actor, public_id, since))


@transactional
def cancel(
    actor: Actor,
    public_id: str,
    *,
    since: str | None = None,
    seen: str | None = None,
    reason: str = "",
) -> Cancelled:
    """Give back every date that can be given back, all of them in one act.

    Raises OutdatedError where they are no longer exactly those of the mark `seen`, and what `look`
    raises.
    """
    reason = service.checked_reason(reason)
    found = _going(actor, series_acts.held(actor, public_id, since))
    require_unchanged(seen, versions(found.going))
    service.close_each(actor, found.going, reason)
    series_acts.tell(
        actor,
        found.dates.series,
        "cancelled_series",
        {"dates": len(found.going), "reason": reason or None},
        [Done(one.id, SeriesAct.CANCELLED) for one in found.going],
    )
    return Cancelled(public_id, found.going)


def _going(actor: Actor, dates: Dates) -> Going:
    mine = [one for one in dates.reservations if allows(actor, Action.CANCEL, one)]
    if not mine:
        raise ForbiddenError
    refusals = {one.id: service.why_not_cancellable(one) for one in dates.reservations}
    going = tuple(one for one in mine if refusals[one.id] is None)
    if not going:
        raise RefusedError(_last_refusal(dates, refusals))
    gone = {one.id for one in going}
    staying = [Staying(one, refusals[one.id]) for one in dates.ahead if one.id not in gone]
    return Going(dates, going, tuple(staying))


def _last_refusal(dates: Dates, refusals: dict[int, Refusal | None]) -> tuple[Refusal, ...]:
    """What stands against the latest of them says most."""
    told = [refusals[one.id] for one in dates.reservations]
    return tuple(one for one in told if one is not None)[-1:]
