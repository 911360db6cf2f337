"""Persons as messages need them: only those whose account can be used are written to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from booking.core.database import session
from booking.messages.letters import Recipient
from booking.people.models import Person, PersonState


def recipients(person_ids: Collection[int]) -> Mapping[int, Recipient]:
    """These persons by their key; who is deactivated or anonymised is left out."""
    rows = session().execute(
        select(Person.id, Person.name, Person.email, Person.language).where(
            Person.id.in_(set(person_ids)), Person.state == PersonState.ACTIVE
        )
    )
    return {row.id: Recipient(*row) for row in rows}
