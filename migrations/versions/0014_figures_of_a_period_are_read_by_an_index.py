"""Reservations are found by their start, and a resource knows since when it has been in use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("resource", sa.Column("in_use_since", INSTANT, nullable=True))
    op.create_index("reservation_start_index", "reservation", ["starts_at"], unique=False)


def downgrade() -> None:
    op.drop_index("reservation_start_index", "reservation")
    op.drop_column("resource", "in_use_since")
