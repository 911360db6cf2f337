"""Whatever is sent to the API, the answer is a 2xx, 3xx or 4xx."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from booking.core import listing
from booking.core.web import BODY_LIMIT
from tests import make

BOOKINGS = "/api/v1/reservations"
LARGEST_IN_JSON = 2**53 - 1
GOOD_TIMES = '"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T11:00"'

BODIES = {
    "nothing": b"",
    "no json": b"nope",
    "not utf-8": b'{"title": "\xff"}',
    "a list": b"[]",
    "null": b"null",
    "a bare number": b"1e999",
    "nan": b'{"headcount": NaN}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"resources":' * 15_000,
    "deep inside a key": b'{"x":' + b"[" * 100_000,
    "unknown key": b'{"repetition": {}, "resources": []}',
    "duplicate keys": b'{"resources": ["a"], "resources": ["b"]}',
    "wrong types": b'{"resources": {"a": 1}, "starts_at": 5, "ends_at": null}',
    "lone surrogate": b'{"resources": ["a"], "title": "\\ud800"}',
    "huge integer": b'{"headcount": 123456789012345678901234567890}',
}
VALUES = (
    '"title": "a\\u0000b"',
    '"title": "\\u202e\\u2066"',
    '"title": "%s"' % ("x" * 10_000),
    '"headcount": 0',
    '"headcount": -1',
    '"headcount": 99999999999999999999',
    '"headcount": 9223372036854775808',
    '"holder": {"organisation": "\\u0000"}',
    '"holder": {"organisation": "x"}',
    '"holder": {"person": "x"}',
)
TIMES = (
    "", "x", "2026-10-06", "9999-99-99T99:99", "0000-00-00T00:00", "2026-10-06T10:00:01",
    "2026-10-06T24:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00",
    "2026-10-06T10:00+99:99", "2026-10-06T10:00Zx", "\\u0000", "٢٠٢٦-١٠-٠٦T10:00",
)  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_unreadable_body_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post(BOOKINGS, data=body, headers=make.bearer(make.person()))
    assert answer.status_code == 422
    assert answer.get_json()["fields"]


@pytest.mark.parametrize("value", VALUES)
def test_a_strange_value_is_refused_or_made_harmless(client: FlaskClient, value: str) -> None:
    desk = make.desk()
    body = f'{{"resources": ["{desk.spot.public_id}"], {GOOD_TIMES}, {value}}}'
    answer = client.post(BOOKINGS, data=body.encode(), headers=make.bearer(make.person()))
    assert answer.status_code in {201, 422}
    if answer.status_code == 201:
        assert answer.get_json()["title"].isprintable()


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_a_strange_time_names_its_field(client: FlaskClient, field: str, time: str) -> None:
    desk = make.desk()
    times = {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T11:00"} | {field: time}
    body = (
        f'{{"resources": ["{desk.spot.public_id}"], '
        f'"starts_at": "{times["starts_at"]}", "ends_at": "{times["ends_at"]}"}}'
    )
    answer = client.post(BOOKINGS, data=body.encode(), headers=make.bearer(make.person()))
    assert answer.status_code == 422
    assert set(answer.get_json()["fields"]) & {"starts_at", "ends_at"}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=201", "limit=x", "limit=1e9", "limit=9" + "9" * 40,
        "cursor=x", "cursor=W10", "cursor=WzEsMl0x", "cursor=WyJhIiwgImIiXQ", "cursor=%00",
        "cursor=WzkyMjMzNzIwMzY4NTQ3NzU4MDgwLCAxXQ", "state=x", "resource=x", "mine=maybe",
        "from=x", "to=9999-99-99T00:00", "from=0001-01-01T00:00%2B14:00", "page=2", "mine=1&mine=0",
    ],
)  # fmt: skip
def test_a_strange_query_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{BOOKINGS}?{query}", headers=make.bearer(make.person()))
    assert answer.status_code == 422, answer.get_json()


@pytest.mark.parametrize(
    "query",
    ["kind=%00", "capacity=99999999999999999999", "free_from=2026-10-06T10:00", "count=3",
     "free_from=2026-10-06T10:00&free_to=2026-10-06T09:00", "cursor=WyJcdTAwMDAiXQ",
     "cursor=WyJcdWQ4MDAiXQ",
     "free_from=2000-01-01T10:00&free_to=2099-10-06T09:00"],
)  # fmt: skip
def test_a_strange_search_is_refused(client: FlaskClient, query: str) -> None:
    make.desk()
    answer = client.get(f"/api/v1/resources?{query}", headers=make.bearer(make.person()))
    assert answer.status_code == 422, answer.get_json()


def test_a_body_over_the_limit_is_refused(client: FlaskClient) -> None:
    answer = client.post(BOOKINGS, data=b" " * (BODY_LIMIT + 1), headers=make.bearer(make.person()))
    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["DELETE", "PUT", "TRACE", "BREW", "OPTIONS"])
def test_unknown_methods_are_refused(client: FlaskClient, method: str) -> None:
    answer = client.open(BOOKINGS, method=method, headers=make.bearer(make.person()))
    assert answer.status_code in {200, 204, 405}


@pytest.mark.parametrize("key", ["x" * 201, "\x01", "é"])
def test_a_strange_idempotency_key_does_no_harm(client: FlaskClient, key: str) -> None:
    desk = make.desk()
    body = f'{{"resources": ["{desk.spot.public_id}"], {GOOD_TIMES}}}'
    headers = make.bearer(make.person()) | {"Idempotency-Key": key}
    answer = client.post(BOOKINGS, data=body.encode(), headers=headers)
    assert answer.status_code in {201, 422}


@pytest.mark.parametrize(
    "address", ["x", "%00", "1", "../..", "00000000-0000-0000-0000-00000000000g"]
)
def test_a_strange_address_is_not_there(client: FlaskClient, address: str) -> None:
    answer = client.get(f"{BOOKINGS}/{address}", headers=make.bearer(make.person()))
    assert answer.status_code in {404, 308}


@pytest.mark.parametrize("token", ["", " ", "\udcff".encode(errors="surrogateescape"), "x" * 5000])
def test_a_strange_token_is_nobody(client: FlaskClient, token: str | bytes) -> None:
    text = token if isinstance(token, str) else token.decode("latin-1")
    answer = client.get(BOOKINGS, headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (BOOKINGS, (0, LARGEST_IN_JSON)),
        ("/api/v1/journal", (0, LARGEST_IN_JSON)),
        ("/api/v1/people", ("a", LARGEST_IN_JSON)),
        ("/api/v1/buildings", (LARGEST_IN_JSON,)),
        ("/api/v1/hours", (LARGEST_IN_JSON,)),
    ],
)
def test_a_cursor_beyond_every_key_leads_on(
    client: FlaskClient, path: str, place: tuple[str | int, ...]
) -> None:
    headers = make.bearer(make.operator())
    answer = client.get(f"{path}?cursor={listing.to_cursor(*place)}", headers=headers)
    assert answer.status_code == 200
