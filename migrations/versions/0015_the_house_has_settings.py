"""The house has settings: a logo, who answers for personal data, and how long data is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TEXTS = {
    "controller": 200,
    "controller_address": 300,
    "privacy_contact": 254,
    "cndp_receipt": 80,
}
LENGTHS = (
    "keep_closed_accounts_months",
    "keep_purposes_months",
    "keep_messages_days",
    "keep_sign_ins_days",
    "keep_views_months",
    "keep_journal_years",
)


def upgrade() -> None:
    op.create_table(
        "house",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_digest", sa.String(length=16), nullable=True),
        *(sa.Column(name, sa.String(length=size), nullable=False) for name, size in TEXTS.items()),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in LENGTHS),
        sa.CheckConstraint("id = 1", name=op.f("house_one_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("house_pkey")),
    )


def downgrade() -> None:
    op.drop_table("house")
