"""What one act does to several dates of a series is told in one message."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

ACTS = ("cancelled", "changed", "asked", "approved", "declined")


def upgrade() -> None:
    words = ", ".join(f"'{act}'" for act in ACTS)
    op.create_table(
        "series_news",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("was_start", sa.String(16), nullable=True),
        sa.Column("was_end", sa.String(16), nullable=True),
        sa.CheckConstraint(f"act IN ({words})", name=op.f("series_news_act_check")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("series_news_series_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("series_news_reservation_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "series_id", "version", "reservation_id", name=op.f("series_news_pkey")
        ),
    )
    op.create_index(op.f("series_news_reservation_id_index"), "series_news", ["reservation_id"])


def downgrade() -> None:
    """A message about an act has nothing left to tell; that of the booking has."""
    message = sa.table("message", sa.column("kind", sa.String), sa.column("version", sa.Integer))
    event = sa.table(
        "event",
        sa.column("id", sa.Integer),
        sa.column("kind", sa.String),
        sa.column("subject", sa.String),
    )
    op.execute(message.delete().where(message.c.kind == "series", message.c.version > 1))
    first = sa.select(sa.func.min(event.c.id)).where(event.c.kind == "repeated")
    op.execute(
        event.delete().where(
            event.c.kind == "repeated", event.c.id.not_in(first.group_by(event.c.subject))
        )
    )
    op.drop_table("series_news")
