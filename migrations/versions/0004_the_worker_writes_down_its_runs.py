"""The worker writes down when each part of its round last ran, and what went wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column(
            "name",
            sa.Enum(
                *("zones", "expire", "events", "messages", "keys", "retention"),
                name="name",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("last_started_at", INSTANT, nullable=False),
        sa.Column("last_finished_at", INSTANT, nullable=True),
        sa.Column("last_failed_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("lag_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("job_pkey")),
    )


def downgrade() -> None:
    op.drop_table("job")
