"""Policies ask people to confirm their presence, and it is kept whether they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
WAYS = ("page", "code", "reception", "api")


def upgrade() -> None:
    op.add_column(
        "policy",
        sa.Column("asks_for_check_in", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "policy", sa.Column("grace_minutes", sa.Integer(), nullable=False, server_default="15")
    )
    with op.batch_alter_table("policy") as batch:
        batch.create_check_constraint(op.f("policy_grace_check"), sa.text("grace_minutes > 0"))
    op.create_table(
        "attendance",
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("checked_in_at", INSTANT, nullable=True),
        sa.Column("checked_in_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "way",
            sa.Enum(*WAYS, name="way", native_enum=False, create_constraint=True, length=24),
            nullable=True,
        ),
        sa.Column("late_until", INSTANT, nullable=True),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(checked_in_at IS NULL) = (checked_in_by_id IS NULL)"
            " AND (checked_in_at IS NULL) = (way IS NULL)",
            name=op.f("attendance_check_in_check"),
        ),
        sa.CheckConstraint(
            "checked_in_at IS NULL OR released_at IS NULL",
            name=op.f("attendance_here_or_released_check"),
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("attendance_reservation_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["checked_in_by_id"], ["person.id"], name=op.f("attendance_checked_in_by_id_fkey")
        ),
        sa.PrimaryKeyConstraint("reservation_id", name=op.f("attendance_pkey")),
    )


def downgrade() -> None:
    op.drop_table("attendance")
    with op.batch_alter_table("policy") as batch:
        batch.drop_constraint(op.f("policy_grace_check"), type_="check")
        batch.drop_column("grace_minutes")
        batch.drop_column("asks_for_check_in")
