"""What is taken at a time is found by when claims begin, for all resources at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_index(
        "occupancy_start_index",
        "occupancy",
        ["starts_at", "ends_at"],
        postgresql_include=["resource_id", "unit"],
    )
    op.create_index(
        "occupancy_long_index",
        "occupancy",
        ["ends_at"],
        sqlite_where=sa.text("ends_at - starts_at > 86400"),
        postgresql_where=sa.text("ends_at - starts_at > INTERVAL '1 day'"),
    )


def downgrade() -> None:
    op.drop_index("occupancy_long_index", "occupancy")
    op.drop_index("occupancy_start_index", "occupancy")
