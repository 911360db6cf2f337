"""A space that is out of order is closed until it is expected back."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

KINDS = ("maintenance", "closed", "holiday")


def upgrade() -> None:
    _allow((*KINDS, "out_of_order"))


def downgrade() -> None:
    """What is out of order stays closed."""
    op.execute("UPDATE closure SET kind = 'maintenance' WHERE kind = 'out_of_order'")
    _allow(KINDS)


def _allow(kinds: Sequence[str]) -> None:
    name = op.f("closure_kind_check")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("closure") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, sa.text(f"kind IN ({words})"))
