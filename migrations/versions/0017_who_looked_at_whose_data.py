"""It is written down who looked at whose data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "viewing",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("viewer_id", sa.Integer(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["person.id"], name=op.f("viewing_subject_id_fkey")
        ),
        sa.ForeignKeyConstraint(["viewer_id"], ["person.id"], name=op.f("viewing_viewer_id_fkey")),
        sa.PrimaryKeyConstraint("subject_id", "day", "viewer_id", name=op.f("viewing_pkey")),
    )
    op.create_index(op.f("viewing_first_at_index"), "viewing", ["first_at"])


def downgrade() -> None:
    op.drop_table("viewing")
