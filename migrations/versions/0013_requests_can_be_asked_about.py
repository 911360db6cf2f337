"""Whoever decides can ask about a request, and whoever asked for it can answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("text <> ''", name=op.f("question_text_check")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)"
            " AND (answer IS NULL) = (answered_by_id IS NULL) AND answer <> ''",
            name=op.f("question_answer_check"),
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("question_reservation_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("question_asked_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("question_answered_by_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("question_pkey")),
        sa.UniqueConstraint(
            "reservation_id", "version", name=op.f("question_reservation_id_version_unique")
        ),
    )
    op.create_index(
        "question_open_index",
        "question",
        ["reservation_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def downgrade() -> None:
    kept = sa.table("event", sa.column("kind", sa.String))
    op.execute(kept.delete().where(kept.c.kind.in_(("asked", "answered"))))
    told = sa.table("message", sa.column("kind", sa.String))
    op.execute(told.delete().where(told.c.kind.in_(("question", "answered"))))
    op.drop_table("question")
