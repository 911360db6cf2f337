"""People wait for taken time; what becomes free is held for who came first, and offered."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
EVENTS = (
    *("requested", "confirmed", "changed", "amendment_requested", "amendment_declined"),
    *("declined", "cancelled", "expired", "asked", "answered", "handed_over", "grouped"),
    *("displaced", "released", "repeated", "transferred"),
)
MESSAGES = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
    *("deputy_named", "deputy_ended", "displaced", "released", "series"),
    "transferred",
)
ENTRY_STATES = (
    *("waiting", "offered", "taken", "booked", "declined", "missed", "withdrawn", "ended"),
)
OFFER_STATES = ("open", "accepted", "declined", "expired", "withdrawn")
OPEN = sa.text("state IN ('waiting', 'offered')")
IS_OPEN_OFFER = sa.text("state = 'open'")


def upgrade() -> None:
    _entries()
    _places()
    _offers()
    with op.batch_alter_table("hold") as batch:
        batch.alter_column("amendment_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("offer_id", sa.Integer(), nullable=True))
        batch.create_unique_constraint(op.f("hold_offer_id_unique"), ["offer_id"])
        batch.create_foreign_key(op.f("hold_offer_id_fkey"), "offer", ["offer_id"], ["id"])
        batch.create_check_constraint(
            op.f("hold_owner_check"), sa.text("(amendment_id IS NULL) <> (offer_id IS NULL)")
        )
    _allow("event", (*EVENTS, "offered"))
    _allow("message", (*MESSAGES, "offer"))


def downgrade() -> None:
    """What was held for somebody who waited is free again."""
    for table, kind, kinds in (("event", "offered", EVENTS), ("message", "offer", MESSAGES)):
        rows = sa.table(table, sa.column("kind", sa.String))
        op.execute(rows.delete().where(rows.c.kind == kind))
        _allow(table, kinds)
    hold = sa.table("hold", sa.column("id", sa.Integer), sa.column("offer_id", sa.Integer))
    occupancy = sa.table("occupancy", sa.column("hold_id", sa.Integer))
    offered = sa.select(hold.c.id).where(hold.c.offer_id.is_not(None))
    op.execute(occupancy.delete().where(occupancy.c.hold_id.in_(offered)))
    op.execute(hold.delete().where(hold.c.offer_id.is_not(None)))
    with op.batch_alter_table("hold") as batch:
        batch.drop_constraint(op.f("hold_owner_check"), type_="check")
        batch.drop_constraint(op.f("hold_offer_id_fkey"), type_="foreignkey")
        batch.drop_constraint(op.f("hold_offer_id_unique"), type_="unique")
        batch.drop_column("offer_id")
        batch.alter_column("amendment_id", existing_type=sa.Integer(), nullable=False)
    for table in ("offer", "waitlist_place", "waitlist_entry"):
        op.drop_table(table)


def _entries() -> None:
    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("any_like", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("local_start", sa.String(16), nullable=False),
        sa.Column("local_end", sa.String(16), nullable=False),
        sa.Column("tzdata", sa.String(12), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("waits_until", INSTANT, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        _one_of("waitlist_entry", ENTRY_STATES),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("waitlist_entry_interval_check")),
        sa.CheckConstraint(
            "waits_until <= starts_at", name=op.f("waitlist_entry_waits_until_check")
        ),
        sa.CheckConstraint("headcount >= 1", name=op.f("waitlist_entry_headcount_check")),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"waitlist_entry_{table}_id_fkey")
            )
            for table in ("person", "organisation", "resource", "reservation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("waitlist_entry_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("waitlist_entry_public_id_unique")),
    )
    op.create_index("waitlist_entry_person_index", "waitlist_entry", ["person_id", "starts_at"])
    op.create_index(
        "waitlist_entry_waiting_index",
        "waitlist_entry",
        ["starts_at"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _places() -> None:
    op.create_table(
        "waitlist_place",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("waitlist_place_entry_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("waitlist_place_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("entry_id", "resource_id", name=op.f("waitlist_place_pkey")),
    )
    op.create_index(op.f("waitlist_place_resource_id_index"), "waitlist_place", ["resource_id"])


def _offers() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        _one_of("offer", OFFER_STATES),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("offer_entry_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("offer_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("offer_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("offer_public_id_unique")),
    )
    op.create_index(op.f("offer_entry_id_index"), "offer", ["entry_id"])
    op.create_index(
        "offer_open_index",
        "offer",
        ["entry_id"],
        unique=True,
        sqlite_where=IS_OPEN_OFFER,
        postgresql_where=IS_OPEN_OFFER,
    )


def _one_of(table: str, states: Sequence[str]) -> sa.CheckConstraint:
    words = ", ".join(f"'{state}'" for state in states)
    return sa.CheckConstraint(f"state IN ({words})", name=op.f(f"{table}_state_check"))


def _allow(table: str, kinds: Sequence[str]) -> None:
    name = op.f(f"{table}_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
