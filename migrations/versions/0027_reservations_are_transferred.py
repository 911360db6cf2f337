"""A reservation that goes to a colleague is an event and a message of its own."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *("declined", "cancelled", "expired", "asked", "answered", "handed_over", "grouped"),
    *("displaced", "released", "repeated"),
)
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended", "displaced", "released", "series"),
)


def upgrade() -> None:
    _allow("event", (*EVENTS, "transferred"))
    _allow("message", (*MESSAGES, "transferred"))


def downgrade() -> None:
    for table, kinds in (("event", EVENTS), ("message", MESSAGES)):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind == "transferred"))
        _allow(table, kinds)


def _allow(table: str, kinds: Sequence[str]) -> None:
    name = op.f(f"{table}_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
