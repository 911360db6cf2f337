"""More is told about accounts: an organisation joined, a new password, a new address."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KINDS = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
)
NEW_KINDS = ("joined", "password_changed", "address_changed", "address_left")


def upgrade() -> None:
    _allow(KINDS + NEW_KINDS)


def downgrade() -> None:
    rows = sa.table("message", sa.column("kind", sa.String))
    op.execute(rows.delete().where(rows.c.kind.in_(NEW_KINDS)))
    _allow(KINDS)


def _allow(kinds: Sequence[str]) -> None:
    name = op.f("message_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("message") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
