"""Reading what was asked about requests, and what was answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from booking.core.database import session
from booking.people.models import Person
from booking.reservations.models import Question, Reservation
from booking.reservations.queries import PersonName

_Asker = aliased(Person, name="question_asker")
_Answerer = aliased(Person, name="question_answerer")


@dataclass(frozen=True)
class Exchange:
    """A question and, once there is one, its answer."""

    version: int
    asked_by_id: int
    asked_by: PersonName
    asked_at: datetime
    text: str
    answered_by: PersonName | None
    answered_at: datetime | None
    answer: str | None

    @property
    def is_open(self) -> bool:
        """Whether the answer is still to come."""
        return self.answer is None


def about(reservation_id: int) -> list[Exchange]:
    """Everything asked about one reservation, the first first."""
    return about_each([reservation_id])[reservation_id]


def about_each(reservation_ids: Collection[int]) -> dict[int, list[Exchange]]:
    """The same for many, in one statement; in none for no reservation."""
    found: dict[int, list[Exchange]] = defaultdict(list)
    if reservation_ids:
        for reservation_id, exchange in _read(Question.reservation_id.in_(reservation_ids)):
            found[reservation_id].append(exchange)
    return found


def asked_in(public_id: str, version: int) -> Exchange | None:
    """The question whose asking made this version of the reservation."""
    found = _read(Reservation.public_id == public_id, Question.version == version)
    return found[0][1] if found else None


def answered_in(public_id: str, version: int) -> Exchange | None:
    """The question whose answer made this version: the last one before it, as only one at a time
    waits for its answer."""
    found = _read(Reservation.public_id == public_id, Question.version < version)
    return found[-1][1] if found else None


def _read(*conditions: ColumnElement[bool]) -> list[tuple[int, Exchange]]:
    rows = session().execute(
        select(
            Question,
            _Asker.public_id,
            _Asker.name,
            _Answerer.public_id,
            _Answerer.name,
        )
        .join(Reservation, Reservation.id == Question.reservation_id)
        .join(_Asker, _Asker.id == Question.asked_by_id)
        .outerjoin(_Answerer, _Answerer.id == Question.answered_by_id)
        .where(*conditions)
        .order_by(Question.version)
    )
    return [
        (
            row.reservation_id,
            Exchange(
                version=row.version,
                asked_by_id=row.asked_by_id,
                asked_by=PersonName(asker_id, asker_name),
                asked_at=row.asked_at,
                text=row.text,
                answered_by=PersonName(answerer_id, answerer_name) if row.answered_by_id else None,
                answered_at=row.answered_at,
                answer=row.answer,
            ),
        )
        for row, asker_id, asker_name, answerer_id, answerer_name in rows
    ]
