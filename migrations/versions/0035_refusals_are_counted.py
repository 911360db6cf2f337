"""What could not be had is counted, without anybody's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

KEY = ("site_id", "day", "hour", "reason", "kind", "size")


def upgrade() -> None:
    op.create_table(
        "unmet_demand",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("unmet_demand_hour_check")),
        sa.CheckConstraint("count > 0", name=op.f("unmet_demand_count_check")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("unmet_demand_site_id_fkey")),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("unmet_demand_pkey")),
    )


def downgrade() -> None:
    op.drop_table("unmet_demand")
