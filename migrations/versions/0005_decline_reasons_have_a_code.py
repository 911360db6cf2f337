"""A no has a reason from a list that every reader gets in their language, and free text beside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

CODES = (
    *("already_in_use", "authorisation_missing", "outside_purpose", "too_many_people"),
    *("maintenance_expected", "other", "another_was_approved"),
)
# What the text of an older version was where another request had been approved.
ANOTHER_WAS_APPROVED = "another_request_was_approved"
# What an older version shows instead of a reason that it does not know.
IN_WORDS = {
    "already_in_use": "The place is already in use by another project.",
    "authorisation_missing": "The safety training or authorisation for this place is missing.",
    "outside_purpose": "This is not what the place is meant for.",
    "too_many_people": "Too many people for this place.",
    "maintenance_expected": "Maintenance is expected at this time.",
}
# The table, its columns for the code and for the text, and what else says that it was a no.
PLACES = (("reservation", "closing_code", "closing_reason"), ("approval", "reason_code", "reason"))


def upgrade() -> None:
    words = ", ".join(f"'{code}'" for code in CODES)
    for table, code, text in PLACES:
        # Alembic adds no CHECK with a column, and a parent of the claims is not made anew.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {code} VARCHAR(24)"
            f" CONSTRAINT {table}_{code}_check CHECK ({code} IN ({words}))"
        )
        rows = _rows(table, code, text)
        declined = rows.c.state == "declined"
        by_another = rows.c[text] == ANOTHER_WAS_APPROVED
        op.execute(
            rows.update()
            .where(declined, by_another)
            .values({code: "another_was_approved", text: None})
        )
        op.execute(
            rows.update()
            .where(declined, rows.c[code].is_(None), rows.c[text].is_not(None))
            .values({code: "other"})
        )


def downgrade() -> None:
    for table, code, text in PLACES:
        rows = _rows(table, code, text)
        op.execute(
            rows.update()
            .where(rows.c[code] == "another_was_approved")
            .values({text: ANOTHER_WAS_APPROVED})
        )
        for word, sentence in IN_WORDS.items():
            told = sa.func.substr(
                sa.literal(sentence) + sa.func.coalesce(sa.literal(" ") + rows.c[text], ""), 1, 500
            )
            op.execute(rows.update().where(rows.c[code] == word).values({text: told}))
        op.drop_column(table, code)


def _rows(table: str, code: str, text: str) -> sa.TableClause:
    return sa.table(
        table,
        sa.column("state", sa.String),
        sa.column(code, sa.String),
        sa.column(text, sa.String),
    )
