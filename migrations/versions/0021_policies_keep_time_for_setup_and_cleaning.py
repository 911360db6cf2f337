"""A policy keeps time free before and after each reservation, for set-up and for cleaning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

NAME = "policy_buffers_check"
IN_REACH = "setup_minutes BETWEEN 0 AND 1440 AND cleanup_minutes BETWEEN 0 AND 1440"


def upgrade() -> None:
    with op.batch_alter_table("policy") as batch:
        for name in ("setup_minutes", "cleanup_minutes"):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint(op.f(NAME), sa.text(IN_REACH))
    with op.batch_alter_table("policy") as batch:  # the program names the default, not the table
        for name in ("setup_minutes", "cleanup_minutes"):
            batch.alter_column(name, existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM occupancy WHERE kind IN ('setup', 'cleanup')")
    with op.batch_alter_table("policy") as batch:
        batch.drop_constraint(op.f(NAME), type_="check")
        for name in ("setup_minutes", "cleanup_minutes"):
            batch.drop_column(name)
