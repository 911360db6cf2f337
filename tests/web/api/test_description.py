"""The API is what its description says: every endpoint is described, and a client that follows
the description, or strays from it, never meets an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from booking.api import openapi
from booking.authorisations import service as authorisations
from booking.core import schema
from booking.reservations import series
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import Wish
from booking.waitlist import service as waitlist
from tests import make
from tests.installations import Installation

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 6  # of each endpoint and mode, on each engine
Operation = APIOperation[Any, Any, Any, Any]  # Any: what schemathesis leaves open
Known = dict[str, Any]  # Any: what a request may hold

storm = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)


def test_every_endpoint_is_described(app: Flask) -> None:
    silent = [
        rule.endpoint
        for rule, view in openapi.endpoints(app)
        if schema.description_of(view) is None
    ]
    assert silent == []


def test_the_description_is_open_to_all_and_names_every_endpoint(
    app: Flask, client: FlaskClient
) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    paths = answer.get_json()["paths"]
    assert paths["/api/v1/reservations/{reservation_id}"].keys() == {"get", "patch"}
    assert len(paths) == len({rule.rule for rule, _ in openapi.endpoints(app)})


# What is allowed reaches the databases, of which PostgreSQL reads more strictly; what is not should
# not get that far.
@pytest.mark.parametrize(
    ("mode", "engine"),
    [(GenerationMode.POSITIVE, "postgresql"), (GenerationMode.NEGATIVE, "sqlite")],
    ids=["positive", "negative"],
)
def test_whoever_follows_the_description_or_not_meets_no_error_of_ours(
    installation: Installation, mode: GenerationMode
) -> None:
    with installation.app.app_context():
        known, headers = _park()
    for operation in _operations(installation.app):
        _storm(operation, mode, known, headers)


def _operations(app: Flask) -> Iterator[Operation]:
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for found in described.get_all_operations():
        if isinstance(found, Err):
            raise found.err()
        yield found.ok()


def _storm(
    operation: Operation,
    mode: GenerationMode,
    known: Known,
    headers: dict[str, str],
) -> None:
    """Send it what the description allows, or does not, half of the time about what exists."""

    @storm
    @given(case=operation.as_strategy(generation_mode=mode), meets=st.booleans())
    def send(case: Case[Operation], meets: bool) -> None:
        if meets:
            _point_at(case, known)
        case.headers.update(headers)
        answer = case.call()
        case.validate_response(answer, checks=CHECKS)

    send()


def _point_at(case: Case[Operation], known: Known) -> None:
    """Put what exists where the case has something of that name."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part |= {name: known[name] for name in part.keys() & known.keys()}


def _park() -> tuple[Known, dict[str, str]]:
    """A few things to ask about, and somebody who may do everything."""
    operator, desk, lab = make.operator(), make.desk(), make.lab()
    make.reservation(operator, desk)
    request = make.reservation(make.member_of(), lab)
    closed = make.closure(make.desk(), make.at(9), make.at(10))
    wish = Wish((make.room().spot.public_id,), make.at(9), make.at(10))
    repeated = series.book(operator, SeriesWish(wish, Repetition(Every.DAY, count=2)))
    entry = waitlist.wait(operator, Wish((desk.spot.public_id,), make.at(10), make.at(11)))
    safe = make.room("SAFE-1", under=make.policy(asks_for_authorisation=True))
    given = authorisations.give(
        operator,
        email=operator.email,
        policy_id=safe.policy_id,
        valid_until=date(2026, 12, 31),
    )
    profile = make.profile()
    period = make.period(profile, make.at(0, days=90).date(), make.at(0, days=99).date())
    known: Known = {
        "profile_id": profile.id,
        "period_id": period.public_id,
        "hours_id": desk.spot.hours_id,
        "authorisation_id": given,
        "group": safe.policy_id,
        "valid_until": "2026-12-31",
        "entry_id": entry,
        "series_id": repeated.public_id,
        "closure_id": closed.public_id,
        "holiday_id": make.holiday(make.at(0, days=8).date()).public_id,
        "resource_id": desk.spot.public_id,
        "resource": desk.spot.public_id,
        "resources": [desk.spot.public_id],
        "reservation_id": request.public_id,
        "person_id": make.person().public_id,
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T11:00",
        "from": "2026-10-05T00:00",
        "to": "2026-10-12T00:00",
    }
    return known, make.bearer(operator)
