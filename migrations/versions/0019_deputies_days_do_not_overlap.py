"""The same deputy stands in for somebody once at a time, and is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

KINDS = (
    *("requested", "confirmed", "changed", "declined", "cancelled", "expired", "reminder"),
    *("approval_waiting", "approval_late"),
    *("question", "answered", "invitation", "password_reset", "new_sign_in"),
    *("handed_over", "grouped", "test"),
    *("joined", "password_changed", "address_changed", "address_left"),
)
NEW_KINDS = ("deputy_named", "deputy_ended")
DEPUTY = sa.table(
    "deputy",
    sa.column("id", sa.Integer),
    sa.column("person_id", sa.Integer),
    sa.column("deputy_id", sa.Integer),
    sa.column("valid_from", sa.Date),
    sa.column("valid_until", sa.Date),
)
CONSTRAINT = """
ALTER TABLE deputy ADD CONSTRAINT deputy_no_overlap EXCLUDE USING gist (
    person_id WITH =, deputy_id WITH =, daterange(valid_from, valid_until, '[]') WITH &&
)
"""
TRIGGER = """
CREATE TRIGGER deputy_no_overlap_{name} BEFORE {moment} ON deputy
WHEN EXISTS (
    SELECT 1 FROM deputy
    WHERE person_id = NEW.person_id AND deputy_id = NEW.deputy_id AND id IS NOT NEW.id
    AND valid_from <= NEW.valid_until AND valid_until >= NEW.valid_from
)
BEGIN SELECT RAISE(ABORT, 'deputy_no_overlap'); END
"""


def upgrade() -> None:
    _allow(KINDS + NEW_KINDS)
    _merge()
    if op.get_bind().dialect.name == "sqlite":
        for moment in ("INSERT", "UPDATE"):
            op.execute(TRIGGER.format(name=moment.lower(), moment=moment))
        return
    op.execute(CONSTRAINT)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for moment in ("insert", "update"):
            op.execute(f"DROP TRIGGER deputy_no_overlap_{moment}")
    else:
        op.execute("ALTER TABLE deputy DROP CONSTRAINT deputy_no_overlap")
    rows = sa.table("message", sa.column("kind", sa.String))
    op.execute(rows.delete().where(rows.c.kind.in_(NEW_KINDS)))
    _allow(KINDS)


def _merge() -> None:
    """Days that overlap become one row: the deputy decides on the same days as before."""
    bind = op.get_bind()
    order = (DEPUTY.c.person_id, DEPUTY.c.deputy_id, DEPUTY.c.valid_from, DEPUTY.c.id)
    kept: tuple[int, int, int, date] | None = None  # row, both persons, the last day
    for row in bind.execute(sa.select(DEPUTY).order_by(*order)).all():
        is_same = kept is not None and kept[1:3] == (row.person_id, row.deputy_id)
        if kept is None or not is_same or row.valid_from > kept[3]:
            kept = (row.id, row.person_id, row.deputy_id, row.valid_until)
            continue
        bind.execute(sa.delete(DEPUTY).where(DEPUTY.c.id == row.id))
        if row.valid_until > kept[3]:
            kept = (*kept[:3], row.valid_until)
            longer = sa.update(DEPUTY).where(DEPUTY.c.id == kept[0])
            bind.execute(longer.values(valid_until=row.valid_until))


def _allow(kinds: Sequence[str]) -> None:
    name = op.f("message_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("message") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
