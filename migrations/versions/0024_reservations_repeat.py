"""A series knows its repetition and what it left out; policies have a horizon for series."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *("declined", "cancelled", "expired", "asked", "answered", "handed_over", "grouped"),
    *("displaced", "released"),
)
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended", "displaced", "released"),
)
CHECKS = {
    "every": "every IN ('day', 'week', 'month')",
    "monthly_by": "monthly_by IN ('date', 'weekday', 'last_weekday')",
    "apart": "apart BETWEEN 1 AND 52",
    "count": "count BETWEEN 1 AND 366",
    "end": "(until IS NULL) <> (count IS NULL)",
}


def upgrade() -> None:
    _forget_series()  # nothing could make one so far
    with op.batch_alter_table("series") as batch:
        batch.add_column(sa.Column("every", sa.String(24), nullable=False))
        batch.add_column(sa.Column("apart", sa.Integer(), nullable=False))
        batch.add_column(sa.Column("weekdays", sa.String(7), nullable=False))
        batch.add_column(sa.Column("monthly_by", sa.String(24), nullable=False))
        batch.add_column(sa.Column("until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("count", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("skips_closed", sa.Boolean(), nullable=False))
        batch.add_column(sa.Column("zone", sa.String(64), nullable=False))
        batch.add_column(sa.Column("local_start", sa.String(16), nullable=False))
        batch.add_column(sa.Column("local_end", sa.String(16), nullable=False))
        batch.add_column(sa.Column("created_at", INSTANT, nullable=False))
        for name, condition in CHECKS.items():
            batch.create_check_constraint(op.f(f"series_{name}_check"), sa.text(condition))
    op.create_table(
        "series_skip",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("local_start", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.CheckConstraint(
            "reason IN ('closed_day', 'slot_taken', 'house_rules', 'nonexistent_time', 'left_out')",
            name=op.f("series_skip_reason_check"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("series_skip_series_id_fkey")
        ),
        sa.PrimaryKeyConstraint("series_id", "local_start", name=op.f("series_skip_pkey")),
    )
    with op.batch_alter_table("policy") as batch:
        batch.add_column(sa.Column("series_horizon", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            op.f("policy_series_horizon_check"), sa.text("series_horizon >= 0")
        )
    _allow("event", (*EVENTS, "repeated"))
    _allow("message", (*MESSAGES, "series"))


def downgrade() -> None:
    for table, kind, kinds in (("event", "repeated", EVENTS), ("message", "series", MESSAGES)):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind == kind))
        _allow(table, kinds)
    with op.batch_alter_table("policy") as batch:
        batch.drop_constraint(op.f("policy_series_horizon_check"), type_="check")
        batch.drop_column("series_horizon")
    op.drop_table("series_skip")
    _forget_series()
    with op.batch_alter_table("series") as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f"series_{name}_check"), type_="check")
        for name in (
            *("every", "apart", "weekdays", "monthly_by", "until", "count", "skips_closed"),
            *("zone", "local_start", "local_end", "created_at"),
        ):
            batch.drop_column(name)


def _forget_series() -> None:
    """What has no rule is no series; its reservations stay, each for itself."""
    series = sa.table("series", sa.column("id", sa.Integer))
    reservation = sa.table(
        "reservation", sa.column("series_id", sa.Integer), sa.column("series_start", sa.String)
    )
    op.execute(
        reservation.update()
        .where(reservation.c.series_id.is_not(None))
        .values(series_id=None, series_start=None)
    )
    op.execute(series.delete())


def _allow(table: str, kinds: Sequence[str]) -> None:
    name = op.f(f"{table}_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
