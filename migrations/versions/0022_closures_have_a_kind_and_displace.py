"""Closures have a kind, a time and resources of their own, and are told to whom they displace."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
CLOSURE_KINDS = ("maintenance", "closed")
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended"),
)
EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *("declined", "cancelled", "expired", "asked", "answered", "handed_over", "grouped"),
)
NEW = ("displaced",)


def upgrade() -> None:
    _allow("message", MESSAGES + NEW)
    _allow("event", EVENTS + NEW)
    _give_closures_their_own_time()
    op.create_table(
        "closure_resource",
        sa.Column("closure_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["closure.id"], name=op.f("closure_resource_closure_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("closure_resource_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("closure_id", "resource_id", name=op.f("closure_resource_pkey")),
    )
    op.create_index(op.f("closure_resource_resource_id_index"), "closure_resource", ["resource_id"])
    op.execute(
        "INSERT INTO closure_resource (closure_id, resource_id)"
        " SELECT DISTINCT closure_id, resource_id FROM occupancy WHERE closure_id IS NOT NULL"
    )
    op.create_table(
        "displacement",
        sa.Column("closure_id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["closure.id"], name=op.f("displacement_closure_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("displacement_reservation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("closure_id", "reservation_id", name=op.f("displacement_pkey")),
    )
    op.create_index(op.f("displacement_reservation_id_index"), "displacement", ["reservation_id"])


def downgrade() -> None:
    op.drop_table("displacement")
    op.drop_table("closure_resource")
    with op.batch_alter_table("closure") as batch:
        batch.drop_index("closure_end_index")
        batch.drop_constraint(op.f("closure_interval_check"), type_="check")
        batch.drop_constraint(op.f("closure_kind_check"), type_="check")
        for name in ("kind", "starts_at", "ends_at", "ended_at"):
            batch.drop_column(name)
    for table, kinds in (("event", EVENTS), ("message", MESSAGES)):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind.in_(NEW)))
        _allow(table, kinds)


def _give_closures_their_own_time() -> None:
    """From the first claim to the last; one that claims nothing closes nothing and goes."""
    with op.batch_alter_table("closure") as batch:
        batch.add_column(sa.Column("kind", sa.String(length=24), nullable=True))
        batch.add_column(sa.Column("starts_at", INSTANT, nullable=True))
        batch.add_column(sa.Column("ends_at", INSTANT, nullable=True))
        batch.add_column(sa.Column("ended_at", INSTANT, nullable=True))
    op.execute(
        "UPDATE closure SET kind = 'maintenance',"
        " starts_at = (SELECT min(starts_at) FROM occupancy WHERE closure_id = closure.id),"
        " ends_at = (SELECT max(ends_at) FROM occupancy WHERE closure_id = closure.id)"
    )
    op.execute("DELETE FROM closure WHERE starts_at IS NULL")
    words = ", ".join(f"'{kind}'" for kind in CLOSURE_KINDS)
    with op.batch_alter_table("closure") as batch:
        for name in ("kind", "starts_at", "ends_at"):
            batch.alter_column(name, nullable=False)
        batch.create_check_constraint(op.f("closure_kind_check"), sa.text(f"kind IN ({words})"))
        batch.create_check_constraint(
            op.f("closure_interval_check"), sa.text("starts_at < ends_at")
        )
        batch.create_index("closure_end_index", ["ends_at"])


def _allow(table: str, kinds: Sequence[str]) -> None:
    name = op.f(f"{table}_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
