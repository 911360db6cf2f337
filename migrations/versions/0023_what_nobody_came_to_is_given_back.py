"""What nobody came to is given back, and holder and booker are told."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *(
        "declined",
        "cancelled",
        "expired",
        "asked",
        "answered",
        "handed_over",
        "grouped",
        "displaced",
    ),
)
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended", "displaced"),
)
NEW = ("released",)


def upgrade() -> None:
    _allow(EVENTS + NEW, MESSAGES + NEW)


def downgrade() -> None:
    for table in ("event", "message"):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind.in_(NEW)))
    _allow(EVENTS, MESSAGES)


def _allow(events: Sequence[str], messages: Sequence[str]) -> None:
    for table, kinds in (("event", events), ("message", messages)):
        name = op.f(f"{table}_kind_check")
        words = ", ".join(f"'{kind}'" for kind in kinds)
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(name, type_="check")
            batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
