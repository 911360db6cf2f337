"""A file that was tried out is kept until somebody says yes to it, or its hour is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "import_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("import_draft_person_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("import_draft_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("import_draft_public_id_unique")),
    )
    op.create_index("import_draft_person_id_index", "import_draft", ["person_id"], unique=False)
    op.create_index("import_draft_expires_at_index", "import_draft", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("import_draft")
