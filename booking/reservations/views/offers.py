"""Alternatives as the pages show them: each is a form of its own that books or changes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from booking.core import ids
from booking.reservations import texts
from booking.reservations.alternatives import Alternative
from booking.reservations.forms import values_of_local


@dataclass(frozen=True)
class Offer:
    """One button: what it says, and what it sends."""

    code: str
    when: str
    why: str
    values: Mapping[str, str | Sequence[str]]


def offers(found: Iterable[Alternative], kept: Mapping[str, str]) -> list[Offer]:
    """The alternatives with what was typed beside place and time."""
    return [
        Offer(
            code=texts.codes(one.places),
            when=texts.period(one.local),
            why=texts.why(one.why),
            values={
                **kept,
                **values_of_local(one.local),
                "resource": one.place.spot.code,
                "also": [place.spot.code for place in one.places[1:]],
                "idempotency_key": ids.new_public_id(),
            },
        )
        for one in found
    ]
