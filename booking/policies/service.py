"""What operators do to policies: each verb is one transaction that journals and counts the change.

What was booked or asked for under the old rules stays; they are asked at the next wish.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from booking.core import revisions
from booking.core.constraints import translated
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.fingerprints import require_unchanged
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.policies import queries
from booking.policies.drafts import PolicyDraft
from booking.policies.models import Policy
from booking.spaces import inventory
from booking.spaces.drafts import facts
from booking.spaces.models import Resource

DAY = 24 * 60
STEP = 5  # minutes: what the day's grid can draw
LONGEST = 62 * DAY  # no wish is longer
FARTHEST_DAYS = 3 * 366
LONGEST_WAIT = 366 * DAY
LONGEST_BUFFER = DAY
LARGEST_QUOTA = 366 * DAY
MOST_RESERVED = 10_000


@transactional
def add_policy(actor: Actor, draft: PolicyDraft) -> int:
    """Add a policy; returns its key. Raises InvalidError."""
    require(actor, Action.OPERATE)
    row = Policy(**checked(draft))
    session().add(row)
    session().flush()
    _write(actor, "policy_added", row.id, after=facts(draft.values))
    return row.id


@transactional
def change_policy(actor: Actor, key: int, draft: PolicyDraft, seen: str | None = None) -> None:
    """Replace what a policy says. Raises InvalidError, and OutdatedError unless `seen` is the mark
    of the policy as it is."""
    require(actor, Action.OPERATE)
    row = _locked(key)
    before = queries.policy(key).draft
    require_unchanged(seen, before.values)
    for name, value in checked(draft).items():
        setattr(row, name, value)
    _write(actor, "policy_changed", key, facts(before.values), facts(draft.values))
    floors = inventory.floors_with(Resource.policy_id == key)
    revisions.bump(revisions.Scope.FLOOR, floors)


@transactional
def remove_policy(actor: Actor, key: int) -> None:
    """Delete a policy that was never used; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    row = _locked(key)
    before = queries.policy(key).draft
    with translated():
        session().delete(row)
    _write(actor, "policy_removed", key, before=facts(before.values))


def checked(draft: PolicyDraft) -> dict[str, Any]:  # Any: what the columns hold
    """The values as they are stored; raises InvalidError for every field that makes no sense."""
    problems = {
        field: Problem.OUT_OF_RANGE
        for field, makes_sense in (
            ("granularity", 0 < draft.granularity <= DAY and draft.granularity % STEP == 0),
            ("shortest", 0 < draft.shortest <= LONGEST),
            ("longest", draft.granularity <= draft.longest <= LONGEST),
            ("notice", 0 <= draft.notice <= LONGEST_WAIT),
            ("horizon", 0 <= draft.horizon <= FARTHEST_DAYS),
            ("series_horizon", 0 <= (draft.series_horizon or 0) <= FARTHEST_DAYS),
            ("decide_within", 0 < draft.decide_within <= LONGEST_WAIT),
            ("grace_minutes", STEP <= draft.grace_minutes <= DAY),
            ("setup_minutes", 0 <= draft.setup_minutes <= LONGEST_BUFFER),
            ("cleanup_minutes", 0 <= draft.cleanup_minutes <= LONGEST_BUFFER),
            ("person_quota_minutes", _is_quota(draft.person_quota_minutes, LARGEST_QUOTA)),
            ("person_quota_count", _is_quota(draft.person_quota_count, MOST_RESERVED)),
            (
                "organisation_quota_minutes",
                _is_quota(draft.organisation_quota_minutes, LARGEST_QUOTA),
            ),
            ("organisation_quota_count", _is_quota(draft.organisation_quota_count, MOST_RESERVED)),
        )
        if not makes_sense
    }
    if not problems and draft.longest < draft.shortest:
        problems["longest"] = Problem.TOO_SHORT
    if not problems and draft.notice > draft.horizon * DAY + DAY:
        problems["horizon"] = Problem.TOO_SHORT  # nothing could ever be booked
    if problems:
        raise InvalidError(problems)
    values = {name: getattr(draft, name) for name in PolicyDraft.__struct_fields__}
    return values | {"names": checked_names("names", draft.names)}


def _is_quota(limit: int | None, most: int) -> bool:
    return limit is None or 0 < limit <= most


def _locked(key: int) -> Policy:
    statement = select(Policy).where(Policy.id == key).with_for_update(key_share=True)
    row = None
    if key <= inventory.LARGEST_KEY:
        row = session().scalars(statement.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFoundError
    return row


def _write(
    actor: Actor,
    act: str,
    key: int,
    before: JsonFacts | None = None,
    after: JsonFacts | None = None,
) -> None:
    journal.write(
        actor, act, subject_kind="policy", subject_id=str(key), before=before, after=after
    )
