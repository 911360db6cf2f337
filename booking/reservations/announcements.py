"""Which reservations are subject to an announcement: of a public holiday, or of other hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from booking.core import clock
from booking.policies.facts import expected_within
from booking.reservations.queries import Details
from booking.spaces.opening import Expected
from booking.spaces.queries import openings

DAY = timedelta(days=1)


def expected_for(found: Sequence[Details]) -> dict[int, tuple[Expected, ...]]:
    """What may still be announced against the time of each of these, by the key of the
    reservation, where there are any; one statement, none where nothing lies ahead."""
    now = clock.now()
    ahead = [one for one in found if one.is_live and one.interval.ends_at > now]
    if not ahead:
        return {}
    opening_of = openings(
        {place.spot.hours_id for one in ahead for place in one.places},
        min(one.local.starts_at for one in ahead).date(),
        max(one.local.ends_at for one in ahead).date() + DAY,
    )
    expected = {one.id: expected_within(one.places, opening_of, one.local) for one in ahead}
    return {key: found for key, found in expected.items() if found}
