"""Whoever has reserved what goes out of order is told of it once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    with op.batch_alter_table("spared") as batch:
        batch.add_column(sa.Column("told", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("spared") as batch:
        batch.drop_column("told")
