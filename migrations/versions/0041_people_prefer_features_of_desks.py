"""People keep which features of a desk matter to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "desk_preference",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("desk_preference_person_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["feature_id"],
            ["feature.id"],
            name=op.f("desk_preference_feature_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "feature_id", name=op.f("desk_preference_pkey")),
    )
    op.create_index(op.f("desk_preference_feature_id_index"), "desk_preference", ["feature_id"])


def downgrade() -> None:
    op.drop_table("desk_preference")
