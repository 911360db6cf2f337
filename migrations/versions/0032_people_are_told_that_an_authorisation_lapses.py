"""There are messages that an authorisation lapses."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

NEW = "authorisation_lapsing"
KINDS = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended", "displaced", "released", "series"),
    *("transferred", "offer"),
)


def upgrade() -> None:
    _allow((*KINDS, NEW))


def downgrade() -> None:
    message = sa.table("message", sa.column("kind", sa.String))
    op.execute(message.delete().where(message.c.kind == NEW))
    _allow(KINDS)


def _allow(kinds: Sequence[str]) -> None:
    name = op.f("message_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("message") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
