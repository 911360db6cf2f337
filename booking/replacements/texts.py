"""Replacements in words: what is held, until when, and what came of it."""

from __future__ import annotations

from datetime import datetime

from booking.core.i18n import _, ngettext
from booking.replacements.models import ReplacementState
from booking.replacements.queries import Case, Held
from booking.reservations import texts as reservations


def state(found: ReplacementState) -> str:
    """Where a replacement stands."""
    return {
        ReplacementState.OPEN: _("Held for you"),
        ReplacementState.TAKEN: _("Place taken up"),
        ReplacementState.RELEASED: _("Free again: another one was taken"),
        ReplacementState.DECLINED: _("Not wanted"),
        ReplacementState.EXPIRED: _("No longer held"),
        ReplacementState.LOST: _("No longer to be had"),
    }[found]


def held_until(held: Held) -> str:
    """Until when the place is held."""
    moment = reservations.moment(held.expires_at, held.local.zone_name)
    return _("Held for you until %(moment)s", moment=moment)


def capacity(held: Held) -> str:
    """For how many people there is room."""
    people = sum(place.spot.capacity for place in held.places)
    return ngettext("%(num)s person", "%(num)s people", people)


def introduction(case: Case, now: datetime) -> str:
    """What the reader can do."""
    if case.replaced_by is not None:
        return _("One of these places was taken instead; the others are free again.")
    if case.open(now):
        return _(
            "Your reservation was cancelled because its space is closed then. These places are held"
            " for you instead: nobody else can book them. Take one, and the others are free again."
        )
    return _("Nothing is held for you any more. What is still free can be booked as ever.")


def announced(case: Case, held: tuple[Held, ...]) -> str:
    """What is held instead of which reservation, in one sentence."""
    first = min(held, key=lambda one: one.expires_at)
    return ngettext(
        "A closure has cancelled %(place)s, %(period)s. %(num)s other place is held for you until"
        " %(moment)s.",
        "A closure has cancelled %(place)s, %(period)s. %(num)s other places are held for you until"
        " %(moment)s.",
        len(held),
        place=reservations.codes(case.details.places),
        period=reservations.period(case.details.local),
        moment=reservations.moment(first.expires_at, first.local.zone_name),
    )
