"""A large room names its parts: taking it takes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "resource_part",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("resource_id <> part_id", name=op.f("resource_part_itself_check")),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("resource_part_resource_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["part_id"], ["resource.id"], name=op.f("resource_part_part_id_fkey")
        ),
        sa.PrimaryKeyConstraint("resource_id", "part_id", name=op.f("resource_part_pkey")),
    )
    op.create_index(op.f("resource_part_part_id_index"), "resource_part", ["part_id"])


def downgrade() -> None:
    op.execute("DELETE FROM occupancy WHERE kind = 'linked'")
    op.drop_index(op.f("resource_part_part_id_index"), "resource_part")
    op.drop_table("resource_part")
