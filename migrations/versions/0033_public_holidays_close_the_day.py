"""Public holidays close the day, around what is kept; each is a row, announced or estimated."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

CLOSURE_KINDS = ("maintenance", "closed")
IS_OPEN = sa.text("ended_at IS NULL")
STATES = ("estimated", "announced", "left_out")


def upgrade() -> None:
    _holidays()
    with op.batch_alter_table("hours") as batch:
        batch.add_column(
            sa.Column("closes_on_holidays", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    with op.batch_alter_table("hours") as batch:
        batch.alter_column("closes_on_holidays", server_default=None)
    _allow((*CLOSURE_KINDS, "holiday"))
    with op.batch_alter_table("closure") as batch:
        batch.add_column(sa.Column("holiday_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("closure_holiday_id_fkey"), "holiday", ["holiday_id"], ["id"])
        batch.create_check_constraint(
            op.f("closure_holiday_check"),
            sa.text("(kind = 'holiday') = (holiday_id IS NOT NULL)"),
        )
    op.create_index(
        "closure_of_holiday_index",
        "closure",
        ["holiday_id"],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )
    op.create_table(
        "spared",
        sa.Column("closure_id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["closure.id"], name=op.f("spared_closure_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("spared_reservation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("closure_id", "reservation_id", name=op.f("spared_pkey")),
    )
    op.create_index(op.f("spared_reservation_id_index"), "spared", ["reservation_id"])


def downgrade() -> None:
    """What a holiday closes stays closed, for a reason of the house."""
    op.drop_table("spared")
    op.drop_index("closure_of_holiday_index", table_name="closure")
    with op.batch_alter_table("closure") as batch:
        batch.drop_constraint(op.f("closure_holiday_check"), type_="check")
        batch.drop_constraint(op.f("closure_holiday_id_fkey"), type_="foreignkey")
        batch.drop_column("holiday_id")
    op.execute("UPDATE closure SET kind = 'closed' WHERE kind = 'holiday'")
    _allow(CLOSURE_KINDS)
    with op.batch_alter_table("hours") as batch:
        batch.drop_column("closes_on_holidays")
    op.drop_table("holiday")


def _holidays() -> None:
    words = ", ".join(f"'{state}'" for state in STATES)
    op.create_table(
        "holiday",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("code", sa.String(80), nullable=True),
        sa.Column("proposed_for", sa.Date(), nullable=True),
        sa.CheckConstraint(f"state IN ({words})", name=op.f("holiday_state_check")),
        sa.CheckConstraint(
            "(code IS NULL) = (proposed_for IS NULL)", name=op.f("holiday_proposed_check")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("holiday_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("holiday_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("holiday_public_id_unique")),
        sa.UniqueConstraint(
            "site_id",
            "code",
            "proposed_for",
            name=op.f("holiday_site_id_code_proposed_for_unique"),
        ),
    )
    op.create_index(op.f("holiday_day_index"), "holiday", ["day"])


def _allow(kinds: Sequence[str]) -> None:
    name = op.f("closure_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("closure") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
