"""A lab manager who is away has a deputy from a day until a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("deputy_days_check")),
        sa.CheckConstraint("person_id <> deputy_id", name=op.f("deputy_somebody_else_check")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("deputy_person_id_fkey")),
        sa.ForeignKeyConstraint(["deputy_id"], ["person.id"], name=op.f("deputy_deputy_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("deputy_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("deputy_public_id_unique")),
    )
    op.create_index("deputy_person_id_index", "deputy", ["person_id"])
    op.create_index("deputy_deputy_id_index", "deputy", ["deputy_id"])


def downgrade() -> None:
    op.drop_table("deputy")
