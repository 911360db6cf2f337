"""How long a park takes to come in as files: 5 000 spaces, 20 000 people with invitations."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import Figure, Goal
from bench.stage import Stage
from booking.core.database import db, transaction
from booking.core.permissions import Actor
from booking.exchange import service
from booking.exchange.rules import Subject
from tests import make

SPACES, PEOPLE, ORGANISATIONS, AREAS = 5_000, 20_000, 500, 50


def files(stage: Stage) -> Iterator[Figure]:
    """Dry run and import of both files, as the page does them."""
    with stage.park.app.app_context():
        with transaction():
            operator = make.operator()
            for number in range(ORGANISATIONS):
                make.organisation(f"Imported {number}")
            for number in range(AREAS):
                make.area(code=f"IMPORTED-{number}")
        taken = _bring(operator, Subject.RESOURCES, _spaces())
        taken += _bring(operator, Subject.PERSONS, _people())
        db.session.remove()
        db.engine.dispose()
    yield Figure("import of 5 000 spaces and 20 000 people", "s", taken, goal=Goal(120))


def _bring(operator: Actor, subject: Subject, text: str) -> float:
    started = time.perf_counter()
    report = service.try_out(operator, subject, text.encode())
    service.carry_out(operator, report.public_id)
    return time.perf_counter() - started


def _spaces() -> str:
    lines = (f"IMP-{number:04},IMPORTED-{number % AREAS},desk,1,1\n" for number in range(SPACES))
    return "code,area,kind,policy,hours\n" + "".join(lines)


def _people() -> str:
    lines = (
        f"imported{number}@example.com,Imported {number},fr,Imported {number % ORGANISATIONS}\n"
        for number in range(PEOPLE)
    )
    return "email,name,language,organisation\n" + "".join(lines)
