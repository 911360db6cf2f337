"""A policy may ask for an authorisation, which a person holds until a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
PEOPLE = ("person_id", "given_by_id")


def upgrade() -> None:
    with op.batch_alter_table("policy") as batch:
        asks: sa.Column[bool] = sa.Column(
            "asks_for_authorisation", sa.Boolean(), nullable=False, server_default=sa.false()
        )
        batch.add_column(asks)
    with op.batch_alter_table("policy") as batch:  # the program names the default, not the table
        batch.alter_column(
            "asks_for_authorisation", existing_type=sa.Boolean(), server_default=None
        )
    op.create_table(
        "authorisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"authorisation_{name}_fkey"))
            for name in PEOPLE
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("authorisation_policy_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("authorisation_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("authorisation_public_id_unique")),
        sa.UniqueConstraint(
            "person_id", "policy_id", name=op.f("authorisation_person_id_policy_id_unique")
        ),
    )
    for name in ("policy_id", "given_by_id", "valid_until"):
        op.create_index(op.f(f"authorisation_{name}_index"), "authorisation", [name])


def downgrade() -> None:
    op.drop_table("authorisation")
    with op.batch_alter_table("policy") as batch:
        batch.drop_column("asks_for_authorisation")
