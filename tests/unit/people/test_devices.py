"""Browsers in words."""

from __future__ import annotations

import pytest

from booking.people import devices

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Mobile Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox · Windows"),
        (CHROME, "Chrome · Android"),
        (SAFARI, "Safari · iPhone"),
        (EDGE, "Edge · Mac"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<b>" * 1000, ""),
    ],
)
def test_a_browser_is_named_and_nothing_else_of_it_kept(user_agent: str, words: str) -> None:
    assert devices.describe(user_agent) == words
