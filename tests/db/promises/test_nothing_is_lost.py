"""What was acknowledged is still there after kill -9, at any moment of a storm of bookings."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest
from sqlalchemy import select, text

from booking.core import clock
from booking.core.database import db, session
from booking.reservations.models import Reservation
from tests.db.promises.clients import Attempt, send
from tests.db.promises.parks import Park, park
from tests.serving import Serving

KILLS = 5
ACKNOWLEDGED_BEFORE_A_KILL = 200
CLIENTS = 4
PATIENCE_SECONDS = 60


@pytest.fixture
def stormed(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=CLIENTS, people=CLIENTS) as made:
        yield made


@pytest.mark.real_time
def test_no_acknowledged_booking_is_missing_after_kill_9(stormed: Park) -> None:
    acknowledged: list[str] = []
    server = Serving(stormed.database_url, stormed.instance, workers=2)
    try:
        for kill in range(KILLS):
            server.start()
            acknowledged += _storm_until_killed(server, stormed, kill)
    finally:
        server.stop()
    assert len(acknowledged) >= KILLS * ACKNOWLEDGED_BEFORE_A_KILL
    assert set(acknowledged) <= set(session().scalars(select(Reservation.public_id)))
    _each_reservation_has_its_claim()


def _storm_until_killed(server: Serving, made: Park, kill: int) -> list[str]:
    """Clients book as fast as they can; the server dies in the middle of it."""
    heard: list[str] = []
    clients = [
        threading.Thread(target=_book_on, args=(server.port, made, number, kill, heard))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(heard) < ACKNOWLEDGED_BEFORE_A_KILL and time.monotonic() < deadline:
        time.sleep(0.01)
    server.kill()
    for client in clients:
        client.join()
    return heard


def _book_on(port: int, made: Park, number: int, kill: int, heard: list[str]) -> None:
    """Book one five minutes after another on a desk of one's own, until the line is cut."""
    first = datetime.combine(clock.now().date() + timedelta(days=1 + 30 * kill), time_of_day.min)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for step in range(5000):
        starts_at = first + timedelta(minutes=5 * step)
        attempt = Attempt(
            port=port,
            authorization=made.tokens[number],
            resource=made.desks[number],
            starts_at=starts_at.isoformat(),
            ends_at=(starts_at + timedelta(minutes=5)).isoformat(),
        )
        try:
            answer = send(connection, attempt)
        except (OSError, http.client.HTTPException, ValueError):
            return
        if answer.status == 201:
            heard.append(str(answer.body["id"]))


def _each_reservation_has_its_claim() -> None:
    """Nothing is there by halves either: the reservation, its claim, its journal and its event."""
    counts = {
        table: session().scalar(text(f"SELECT count(*) FROM {table}"))  # our tables
        for table in ("reservation", "occupancy", "journal", "event")
    }
    db.session.remove()
    assert len(set(counts.values())) == 1, counts
