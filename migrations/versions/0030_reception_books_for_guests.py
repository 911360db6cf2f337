"""The reception books for guests without an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("reservation", sa.Column("guest", sa.String(120)))


def downgrade() -> None:
    op.drop_column("reservation", "guest")
