"""Rooms offer layouts, and reservations choose one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

KINDS = "'theatre', 'classroom', 'u_shape', 'boardroom', 'banquet'"
CHOOSE = ("reservation", "amendment")


def upgrade() -> None:
    op.create_table(
        "layout",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("setup_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("layout_kind_check")),
        sa.CheckConstraint("capacity >= 1", name=op.f("layout_capacity_check")),
        sa.CheckConstraint(
            "setup_minutes BETWEEN 0 AND 1440", name=op.f("layout_setup_minutes_check")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("layout_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("resource_id", "kind", name=op.f("layout_pkey")),
    )
    for table in CHOOSE:
        # Alembic adds no CHECK with a column, and a parent of the claims is not made anew.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN layout VARCHAR(24)"
            f" CONSTRAINT {table}_layout_check CHECK (layout IN ({KINDS}))"
        )


def downgrade() -> None:
    for table in CHOOSE:
        op.drop_column(table, "layout")
    op.drop_table("layout")
