"""More can happen, be told and be opened: questions, groups, accounts, hand-overs."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *("declined", "cancelled", "expired"),
)
NEW_EVENTS = ("asked", "answered", "handed_over", "grouped")
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
)
NEW_MESSAGES = (
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
)
TOKENS = ("api", "feed", "password")
NEW_TOKENS = ("invitation", "reset")


def upgrade() -> None:
    _allow(EVENTS + NEW_EVENTS, MESSAGES + NEW_MESSAGES, TOKENS + NEW_TOKENS)


def downgrade() -> None:
    for table, kinds in (("event", NEW_EVENTS), ("message", NEW_MESSAGES), ("token", NEW_TOKENS)):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind.in_(kinds)))
    _allow(EVENTS, MESSAGES, TOKENS)


def _allow(events: Sequence[str], messages: Sequence[str], tokens: Sequence[str]) -> None:
    for table, kinds in (("event", events), ("message", messages), ("token", tokens)):
        name = op.f(f"{table}_kind_check")
        words = ", ".join(f"'{kind}'" for kind in kinds)
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(name, type_="check")
            batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
