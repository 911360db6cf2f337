"""Ids are unique and ordered, references can be spoken, secrets are long and stored hashed."""

import hashlib
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from booking.core import ids


def test_a_public_id_is_a_uuid_of_version_7_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(ids.new_public_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1
    assert str(made) == str(made).lower()


def test_public_ids_sort_in_the_order_they_were_made() -> None:
    made = [ids.new_public_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_clock_that_is_turned_back_repeats_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.new_public_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert before < ids.new_public_id() < ids.new_public_id()


def test_threads_get_different_ids() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ids.new_public_id(), range(4000)))
    assert len({one[:23] for one in made}) == len(made)  # the ordered part alone, without chance


def test_a_reference_can_be_spoken() -> None:
    references = {ids.new_reference() for _ in range(2000)}
    assert len(references) > 1990
    assert all(re.fullmatch("[2-9A-HJ-NP-Z]{6}", reference) for reference in references)


def test_a_secret_has_256_bits_and_fits_in_a_url() -> None:
    secrets = {ids.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[\w-]{43}", secret, re.ASCII) for secret in secrets)


def test_a_digest_is_sha_256_and_takes_any_text() -> None:
    assert ids.digest("été") == hashlib.sha256("été".encode()).hexdigest()
    assert len(ids.digest("\ud800\0")) == 64
