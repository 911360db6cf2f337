"""Who is left outside by other opening hours is remembered, and told."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

NEW = "left_outside"
EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *("declined", "cancelled", "expired", "asked", "answered", "handed_over", "grouped"),
    *("displaced", "released", "repeated", "transferred", "offered"),
)
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended", "displaced", "released", "series"),
    *("transferred", "offer", "authorisation_lapsing"),
)


def upgrade() -> None:
    op.create_table(
        "left_outside",
        sa.Column("change_id", sa.String(36), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("left_outside_reservation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("change_id", "reservation_id", name=op.f("left_outside_pkey")),
    )
    op.create_index(op.f("left_outside_reservation_id_index"), "left_outside", ["reservation_id"])
    _allow("event", (*EVENTS, NEW))
    _allow("message", (*MESSAGES, NEW))


def downgrade() -> None:
    for table, kinds in (("event", EVENTS), ("message", MESSAGES)):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind == NEW))
        _allow(table, kinds)
    op.drop_table("left_outside")


def _allow(table: str, kinds: Sequence[str]) -> None:
    name = op.f(f"{table}_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
