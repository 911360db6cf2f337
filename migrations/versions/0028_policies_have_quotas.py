"""A policy limits how much one person, and one organisation, may have in a period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

SUBJECTS = ("person", "organisation")
PERIODS = "('day', 'week', 'month', 'ahead')"
POSITIVE = (
    "person_quota_minutes > 0 AND organisation_quota_minutes > 0"
    " AND person_quota_count > 0 AND organisation_quota_count > 0"
)


def upgrade() -> None:
    with op.batch_alter_table("policy") as batch:
        for whose in SUBJECTS:
            for measure in ("minutes", "count"):
                column = sa.Column(f"{whose}_quota_{measure}", sa.Integer(), nullable=True)
                batch.add_column(column)
            name = f"{whose}_quota_period"
            period = sa.Column(name, sa.String(24), nullable=False, server_default="week")
            batch.add_column(period)
            batch.create_check_constraint(
                op.f(f"policy_{name}_check"), sa.text(f"{name} IN {PERIODS}")
            )
        batch.create_check_constraint(op.f("policy_quotas_check"), sa.text(POSITIVE))
    with op.batch_alter_table("policy") as batch:  # the program names the default, not the table
        for whose in SUBJECTS:
            name = f"{whose}_quota_period"
            batch.alter_column(name, existing_type=sa.String(24), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("policy") as batch:
        batch.drop_constraint(op.f("policy_quotas_check"), type_="check")
        for whose in SUBJECTS:
            batch.drop_constraint(op.f(f"policy_{whose}_quota_period_check"), type_="check")
            for part in ("minutes", "count", "period"):
                batch.drop_column(f"{whose}_quota_{part}")
