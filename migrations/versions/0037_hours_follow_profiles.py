"""Profiles of hours hold for periods: estimated or announced, each set with weeks of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

STATES = ("estimated", "announced", "left_out")


def upgrade() -> None:
    with op.batch_alter_table("hours") as batch:
        batch.add_column(sa.Column("changes", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("hours") as batch:
        batch.alter_column("changes", server_default=None)
    op.create_table(
        "profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("code", sa.String(24), nullable=True),
        sa.CheckConstraint("code IN ('ramadan')", name=op.f("profile_code_check")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("profile_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_pkey")),
        sa.UniqueConstraint("site_id", "code", name=op.f("profile_site_id_code_unique")),
    )
    _weeks()
    _periods()


def downgrade() -> None:
    """The usual hours hold on every day."""
    op.drop_table("profile_period")
    op.drop_table("profile_span")
    op.drop_table("profile_week")
    op.drop_table("profile")
    with op.batch_alter_table("hours") as batch:
        batch.drop_column("changes")


def _weeks() -> None:
    op.create_table(
        "profile_week",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("profile_week_profile_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["hours_id"], ["hours.id"], name=op.f("profile_week_hours_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_week_pkey")),
        sa.UniqueConstraint(
            "profile_id",
            "hours_id",
            "valid_from",
            name=op.f("profile_week_profile_id_hours_id_valid_from_unique"),
        ),
    )
    op.create_index(op.f("profile_week_hours_id_index"), "profile_week", ["hours_id"])
    op.create_table(
        "profile_span",
        sa.Column("week_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("profile_span_weekday_check")),
        sa.CheckConstraint(
            "opens >= 0 AND opens < closes AND closes <= 1440",
            name=op.f("profile_span_span_check"),
        ),
        sa.ForeignKeyConstraint(
            ["week_id"], ["profile_week.id"], name=op.f("profile_span_week_id_fkey")
        ),
        sa.PrimaryKeyConstraint("week_id", "weekday", "opens", name=op.f("profile_span_pkey")),
    )


def _periods() -> None:
    words = ", ".join(f"'{state}'" for state in STATES)
    op.create_table(
        "profile_period",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("hijri_year", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"state IN ({words})", name=op.f("profile_period_state_check")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("profile_period_days_check")),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("profile_period_profile_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_period_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("profile_period_public_id_unique")),
        sa.UniqueConstraint(
            "profile_id", "hijri_year", name=op.f("profile_period_profile_id_hijri_year_unique")
        ),
    )
    op.create_index(op.f("profile_period_first_day_index"), "profile_period", ["first_day"])
