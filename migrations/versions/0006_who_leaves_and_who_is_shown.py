"""Organisations can be deactivated, people agree to be shown, and who leaves is written down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("organisation", sa.Column("deactivated_at", INSTANT, nullable=True))
    op.add_column(
        "person",
        sa.Column("shows_presence", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "membership_end_index",
        "membership",
        ["valid_until"],
        sqlite_where=sa.text("valid_until IS NOT NULL"),
        postgresql_where=sa.text("valid_until IS NOT NULL"),
    )
    op.create_table(
        "departure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "membership",
                "person",
                "organisation",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("departure_person_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("departure_organisation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("departure_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("departure_public_id_unique")),
    )
    op.create_table(
        "departure_reservation",
        sa.Column("departure_id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("from_person_id", sa.Integer(), nullable=False),
        sa.Column("to_person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["departure_id"], ["departure.id"], name=op.f("departure_reservation_departure_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["reservation.id"],
            name=op.f("departure_reservation_reservation_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["from_person_id"],
            ["person.id"],
            name=op.f("departure_reservation_from_person_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["to_person_id"], ["person.id"], name=op.f("departure_reservation_to_person_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "departure_id", "reservation_id", name=op.f("departure_reservation_pkey")
        ),
    )
    op.create_index(
        "departure_reservation_reservation_id_index", "departure_reservation", ["reservation_id"]
    )


def downgrade() -> None:
    op.drop_table("departure_reservation")
    op.drop_table("departure")
    op.drop_index("membership_end_index", "membership")
    op.drop_column("person", "shows_presence")
    op.drop_column("organisation", "deactivated_at")
