"""How often somebody has tried something is counted for all processes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rate_limit",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "who", name=op.f("rate_limit_pkey")),
    )
    op.create_index("rate_limit_began_at_index", "rate_limit", ["began_at"], unique=False)


def downgrade() -> None:
    op.drop_index("rate_limit_began_at_index", "rate_limit")
    op.drop_table("rate_limit")
