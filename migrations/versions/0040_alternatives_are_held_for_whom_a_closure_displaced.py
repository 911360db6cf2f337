"""Alternatives are held for whoever holds a reservation that a closure has displaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
STATES = ("open", "taken", "released", "declined", "expired", "lost")
WHY = (
    *("same_resource_other_time", "alike_same_time", "shorter", "other_day", "alike_other_time"),
)
OPEN = sa.text("state = 'open'")
UNSERVED = sa.text("served_at IS NULL")
OWNERS = ("amendment_id", "offer_id", "replacement_id")


def upgrade() -> None:
    """Whom closures have displaced so far has been told: they are served."""
    _replacements()
    _places()
    with op.batch_alter_table("hold") as batch:
        batch.add_column(sa.Column("replacement_id", sa.Integer(), nullable=True))
        batch.create_unique_constraint(op.f("hold_replacement_id_unique"), ["replacement_id"])
        batch.create_foreign_key(
            op.f("hold_replacement_id_fkey"), "replacement", ["replacement_id"], ["id"]
        )
        batch.drop_constraint(op.f("hold_owner_check"), type_="check")
        batch.create_check_constraint(op.f("hold_owner_check"), sa.text(_exactly_one_of(OWNERS)))
    op.add_column("displacement", sa.Column("served_at", INSTANT, nullable=True))
    displacement = sa.table(
        "displacement", sa.column("closure_id", sa.Integer), sa.column("served_at", INSTANT)
    )
    closure = sa.table("closure", sa.column("id", sa.Integer), sa.column("created_at", INSTANT))
    made_at = sa.select(closure.c.created_at).where(closure.c.id == displacement.c.closure_id)
    op.execute(displacement.update().values(served_at=made_at.scalar_subquery()))
    op.create_index(
        "displacement_unserved_index",
        "displacement",
        ["closure_id"],
        sqlite_where=UNSERVED,
        postgresql_where=UNSERVED,
    )


def downgrade() -> None:
    """What was held for somebody who was displaced is free again."""
    hold = sa.table("hold", sa.column("id", sa.Integer), sa.column("replacement_id", sa.Integer))
    occupancy = sa.table("occupancy", sa.column("hold_id", sa.Integer))
    held = sa.select(hold.c.id).where(hold.c.replacement_id.is_not(None))
    op.execute(occupancy.delete().where(occupancy.c.hold_id.in_(held)))
    op.execute(hold.delete().where(hold.c.replacement_id.is_not(None)))
    with op.batch_alter_table("hold") as batch:
        batch.drop_constraint(op.f("hold_owner_check"), type_="check")
        batch.drop_constraint(op.f("hold_replacement_id_fkey"), type_="foreignkey")
        batch.drop_constraint(op.f("hold_replacement_id_unique"), type_="unique")
        batch.drop_column("replacement_id")
        batch.create_check_constraint(
            op.f("hold_owner_check"), sa.text("(amendment_id IS NULL) <> (offer_id IS NULL)")
        )
    op.drop_index("displacement_unserved_index", "displacement")
    with op.batch_alter_table("displacement") as batch:
        batch.drop_column("served_at")
    for table in ("replacement_resource", "replacement"):
        op.drop_table(table)


def _exactly_one_of(columns: tuple[str, ...]) -> str:
    return " OR ".join(
        "("
        + " AND ".join(
            f"{column} IS {'NOT NULL' if column == owner else 'NULL'}" for column in columns
        )
        + ")"
        for owner in columns
    )


def _replacements() -> None:
    op.create_table(
        "replacement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(24), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("local_start", sa.String(16), nullable=False),
        sa.Column("local_end", sa.String(16), nullable=False),
        sa.Column("tzdata", sa.String(12), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("taken_as_id", sa.Integer(), nullable=True),
        _one_of("why", WHY),
        _one_of("state", STATES),
        *(
            sa.CheckConstraint(rule, name=op.f(f"replacement_{name}_check"))
            for name, rule in (
                ("position", "position BETWEEN 1 AND 3"),
                ("interval", "starts_at < ends_at"),
                ("expires_at", "expires_at <= starts_at"),
                ("closed_at", "(state = 'open') = (closed_at IS NULL)"),
                ("taken_as", "(state = 'taken') = (taken_as_id IS NOT NULL)"),
            )
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["reservation.id"], name=op.f(f"replacement_{column}_fkey")
            )
            for column in ("reservation_id", "taken_as_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("replacement_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("replacement_public_id_unique")),
        sa.UniqueConstraint(
            "reservation_id", "position", name=op.f("replacement_reservation_id_position_unique")
        ),
    )
    op.create_index(op.f("replacement_taken_as_id_index"), "replacement", ["taken_as_id"])
    op.create_index(
        "replacement_open_index",
        "replacement",
        ["reservation_id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _places() -> None:
    op.create_table(
        "replacement_resource",
        sa.Column("replacement_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["replacement_id"],
            ["replacement.id"],
            name=op.f("replacement_resource_replacement_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("replacement_resource_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "replacement_id", "resource_id", name=op.f("replacement_resource_pkey")
        ),
    )
    op.create_index(
        op.f("replacement_resource_resource_id_index"), "replacement_resource", ["resource_id"]
    )


def _one_of(name: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    words = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{name} IN ({words})", name=op.f(f"replacement_{name}_check"))
