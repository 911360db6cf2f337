"""Somebody else who acts at the same moment, in a thread and a session of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from flask import Flask
from sqlalchemy import text

from booking.core.database import db, engine_name, transaction

T = TypeVar("T")

PATIENCE_SECONDS = 60
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def overtaken(app: Flask, ours: Callable[[], object], theirs: Callable[[], T]) -> T:
    """Let the rival begin when our act is done and not yet committed; what theirs gave back.

    On PostgreSQL they come as far as our locks let them; on SQLite there is one writer at a time.
    """

    def act() -> T:
        with app.app_context():
            return theirs()

    with ThreadPoolExecutor(1) as threads:
        with transaction():
            ours()
            rival = threads.submit(act)
            _wait_until_stuck(rival)
        return rival.result()


def _wait_until_stuck(rival: Future[T]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while engine_name() == "postgresql" and not rival.done() and time.monotonic() < ends:
        with db.engine.connect() as connection:
            if connection.scalar(_WAITING):
                return
        time.sleep(0.05)
