"""Reading policies as operators look after them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select

from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.policies.drafts import PolicyDraft
from booking.policies.models import Policy
from booking.spaces.drafts import Stored
from booking.spaces.inventory import LARGEST_KEY, Page
from booking.spaces.models import Resource

_POLICIES = select(
    Policy, select(func.count()).where(Resource.policy_id == Policy.id).scalar_subquery()
).order_by(Policy.id)


def policies(page: Page | None = None) -> list[Stored[PolicyDraft]]:
    """The policies with the number of their resources."""
    statement = _POLICIES
    if page is not None:
        statement = statement.where(Policy.id > page[0]).limit(page[1])
    return [_stored(row) for row in session().execute(statement)]


def policy(key: int) -> Stored[PolicyDraft]:
    """One policy; raises NotFoundError."""
    row = None
    if key <= LARGEST_KEY:
        row = session().execute(_POLICIES.where(Policy.id == key)).first()
    if row is None:
        raise NotFoundError
    return _stored(row)


def _stored(row: Row[*tuple[Any, ...]]) -> Stored[PolicyDraft]:  # Any: a policy and a number
    found, uses = row
    values = {name: getattr(found, name) for name in PolicyDraft.__struct_fields__}
    return Stored(found.id, PolicyDraft(**values), uses)
