"""Change counters of floors, resources, persons and organisations: the ETags of what is polled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Executable, Integer, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.core import clock
from booking.core.database import (
    Instant,
    Model,
    before_commit,
    choice,
    engine_name,
    execute,
    session,
)


class Scope(StrEnum):
    """What a counter belongs to."""

    FLOOR = "floor"
    RESOURCE = "resource"
    PERSON = "person"
    ORGANISATION = "organisation"


class Revision(Model):
    """How often something visible in the scope has changed, and when last; the number never goes
    back."""

    __tablename__ = "revision"

    scope: Mapped[Scope] = mapped_column(choice(Scope, "scope"), primary_key=True)
    scope_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


def bump(scope: Scope, scope_ids: Iterable[int | None]) -> None:
    """Count a change when this transaction commits; None stands for no organisation."""
    wanted: set[tuple[Scope, int]] = session().info.setdefault("revisions", set())
    wanted.update((scope, scope_id) for scope_id in scope_ids if scope_id is not None)


def number(scope: Scope, scope_id: int) -> int:
    """The counter as this snapshot sees it; 0 when nothing ever changed."""
    statement = select(Revision.number).where(
        Revision.scope == scope, Revision.scope_id == scope_id
    )
    return session().execute(statement).scalar_one_or_none() or 0


def _upsert(insert: sqlite.Insert | postgresql.Insert) -> Executable:
    return insert.on_conflict_do_update(
        index_elements=["scope", "scope_id"],
        set_={
            "number": Revision.__table__.c.number + 1,
            "changed_at": insert.excluded.changed_at,
        },
    )


_UPSERT = {
    "sqlite": _upsert(sqlite.insert(Revision.__table__)),
    "postgresql": _upsert(postgresql.insert(Revision.__table__)),
}


@before_commit
def _write(current: Session) -> None:
    """One upsert, rows sorted, last before the commit: held any longer, two bookings that lock
    resources in one order and counters in the other would deadlock."""
    wanted: set[tuple[Scope, int]] = current.info.pop("revisions", set())
    if not wanted:
        return
    now = clock.now()
    rows = [
        {"scope": scope, "scope_id": scope_id, "number": 1, "changed_at": now}
        for scope, scope_id in sorted(wanted)
    ]
    execute(_UPSERT[engine_name()], rows)
