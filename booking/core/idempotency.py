"""A retry acts once: the answer to a key is stored in the transaction of the act itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, String, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.database import Instant, Model, engine_name, execute, session, transactional
from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Actor

KEPT = timedelta(hours=24)
LONGEST_KEY = 200


@dataclass(frozen=True)
class Answer:
    """What a 2xx said; what stands at the location is read again when it is replayed."""

    status: int
    location: str


class IdempotencyKey(Model):
    """A key one person has used, with what was asked (hashed) and what was answered."""

    __tablename__ = "idempotency_key"

    person_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    location: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


_keys = IdempotencyKey.__table__
_INSERT = {
    name: dialect.insert(_keys)
    .on_conflict_do_nothing(index_elements=["person_id", "key"])
    .returning(_keys.c.key)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_KEEP_ANSWER = (
    update(_keys)
    .where(_keys.c.person_id == bindparam("of_person"), _keys.c.key == bindparam("of_key"))
    .values(status=bindparam("status"), location=bindparam("location"))
)


@transactional
def once(actor: Actor, key: str | None, asked: bytes, act: Callable[[], Answer]) -> Answer:
    """Run `act` in one transaction with its key; a key seen within 24 hours answers as then.

    Two requests with one key that arrive together are serialised by the key's row. A refusal
    stores nothing. Raises InvalidError when the key came with another request.
    """
    if not key:
        return act()
    if len(key) > LONGEST_KEY:
        raise InvalidError({"Idempotency-Key": Problem.TOO_LONG})
    if not key.isprintable():
        raise InvalidError({"Idempotency-Key": Problem.UNREADABLE})
    fingerprint = hashlib.sha256(asked).hexdigest()
    if not _is_new(actor.person_id, key, fingerprint):
        return _replay(actor.person_id, key, fingerprint)
    answer = act()
    execute(
        _KEEP_ANSWER,
        {
            "of_person": actor.person_id,
            "of_key": key,
            "status": answer.status,
            "location": answer.location,
        },
    )
    return answer


def forget_old_keys() -> None:
    """Delete the keys nobody may replay any more; called by the tick in its transaction."""
    session().execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))


def _is_new(person_id: int, key: str, fingerprint: str) -> bool:
    row = execute(
        _INSERT[engine_name()],
        {
            "person_id": person_id,
            "key": key,
            "fingerprint": fingerprint,
            "created_at": clock.now(),
        },
    )
    return row.first() is not None


def _replay(person_id: int, key: str, fingerprint: str) -> Answer:
    known = (
        session()
        .execute(
            select(IdempotencyKey).where(
                IdempotencyKey.person_id == person_id, IdempotencyKey.key == key
            )
        )
        .scalar_one()
    )
    if known.fingerprint != fingerprint:
        raise InvalidError({"Idempotency-Key": Problem.REUSED})
    return Answer(known.status or 200, known.location or "")
