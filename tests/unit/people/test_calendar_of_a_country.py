"""The week of a country, as the set-up seeds it."""

from __future__ import annotations

import pytest
from babel import UnknownLocaleError

from booking.setup import calendar_of


@pytest.mark.parametrize(
    ("country", "weekend", "first_weekday"),
    [
        ("MA", (5, 6), 0),  # Saturday and Sunday, the week begins on Monday
        ("EG", (4, 5), 5),  # Friday and Saturday, the week begins on Saturday
        ("FR", (5, 6), 0),
        ("US", (5, 6), 6),  # the week begins on Sunday
        ("IR", (4,), 5),  # Friday only
    ],
)
def test_the_weekend_comes_from_the_country(
    country: str, weekend: tuple[int, ...], first_weekday: int
) -> None:
    calendar = calendar_of(country)
    assert calendar.weekend == weekend
    assert calendar.first_weekday == first_weekday
    assert set(calendar.working_days) | set(weekend) == set(range(7))


def test_what_is_no_country_is_refused() -> None:
    with pytest.raises(UnknownLocaleError):
        calendar_of("QQ")
