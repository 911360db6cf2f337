"""A wished change names every resource that the reservation shall have, not only one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "amendment_resource",
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["amendment_id"], ["amendment.id"], name=op.f("amendment_resource_amendment_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("amendment_resource_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "amendment_id", "resource_id", name=op.f("amendment_resource_pkey")
        ),
    )
    op.create_index(
        op.f("amendment_resource_resource_id_index"), "amendment_resource", ["resource_id"]
    )
    op.execute(
        "INSERT INTO amendment_resource (amendment_id, resource_id)"
        " SELECT id, resource_id FROM amendment"
    )
    with op.batch_alter_table("amendment") as batch:
        batch.drop_constraint(op.f("amendment_resource_id_fkey"), type_="foreignkey")
        batch.drop_column("resource_id")


def downgrade() -> None:
    """What asked for several resources keeps the first: there is no room for more."""
    with op.batch_alter_table("amendment") as batch:
        batch.add_column(sa.Column("resource_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE amendment SET resource_id = (SELECT min(resource_id) FROM amendment_resource"
        " WHERE amendment_id = amendment.id)"
    )
    with op.batch_alter_table("amendment") as batch:
        batch.alter_column("resource_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(
            op.f("amendment_resource_id_fkey"), "resource", ["resource_id"], ["id"]
        )
    op.drop_table("amendment_resource")
