"""The large park keeps every promise, in the same shape as the small one, only smaller here."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.checks import promises
from booking.core import clock
from booking.core.database import session
from booking.core.permissions import Role
from booking.demo import large, loading
from booking.people.models import Grant
from booking.reservations import service
from booking.reservations.models import LIVE, Reservation, State
from booking.reservations.wishes import Wish
from booking.spaces.models import Resource
from tests import make


@pytest.fixture
def enlarged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> loading.Loaded:
    """The demo park, and around it a little of what makes it large."""
    before = loading.load(lambda step: None, (60,))
    monkeypatch.setattr(large, "RESOURCES", before.resources + 120)
    monkeypatch.setattr(large, "PERSONS", before.persons + 160)
    monkeypatch.setattr(large, "RESERVATIONS", before.reservations + 2_000)
    monkeypatch.setattr(large, "A_CHUNK", 800)
    chunks: list[int] = []
    loaded = loading.enlarge(chunks.append)
    assert sum(chunks) == 2_000
    assert len(chunks) == 3
    return loaded


def test_it_holds_what_it_says_and_keeps_every_promise(enlarged: loading.Loaded) -> None:
    assert enlarged.resources == large.RESOURCES
    assert enlarged.persons == large.PERSONS
    assert enlarged.reservations == large.RESERVATIONS
    assert promises.verify().is_clean
    states = set(session().scalars(select(Reservation.state).distinct()))
    assert states == set(State)
    _book_and_decide()


def _book_and_decide() -> None:
    """Keys and references go on behind what was poured in."""
    newest = select(Resource.public_id).order_by(Resource.id.desc()).limit(1)
    booker, public_id = make.member_of(), session().scalar(newest)
    assert public_id is not None
    wish = Wish((public_id,), make.at(9, days=43), make.at(10, days=43))
    assert make.details(service.book(booker, wish).public_id).interval.starts_at > clock.now()
    waiting = (
        session()
        .execute(
            select(Reservation.public_id, Reservation.version)
            .where(Reservation.state == State.PENDING, Reservation.starts_at > clock.now())
            .order_by(Reservation.id.desc())
        )
        .first()
    )
    assert waiting is not None
    service.approve(make.operator(), waiting.public_id, seen_version=waiting.version)
    decided = make.details(waiting.public_id)
    assert decided.state is State.CONFIRMED
    assert decided.state in LIVE
    assert session().scalar(select(func.count()).where(Grant.role == Role.LAB_MANAGER))
