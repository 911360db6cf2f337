"""The waiting list in words: where an entry stands, until when, and what next."""

from __future__ import annotations

from booking.core.i18n import _, ngettext
from booking.reservations import texts as reservations
from booking.waitlist.models import EntryState
from booking.waitlist.queries import Entry, Offered


def state(found: EntryState) -> str:
    """Where an entry stands."""
    return {
        EntryState.WAITING: _("Waiting"),
        EntryState.OFFERED: _("Place offered"),
        EntryState.TAKEN: _("Place taken up"),
        EntryState.BOOKED: _("Booked in another way"),
        EntryState.DECLINED: _("Offer declined"),
        EntryState.MISSED: _("Offer not answered"),
        EntryState.WITHDRAWN: _("Left the waiting list"),
        EntryState.ENDED: _("Nothing became free"),
    }[found]


def what_next(entry: Entry) -> str:
    """What the state means for whoever waits."""
    return {
        EntryState.WAITING: _(
            "As soon as it becomes free and you are first in line, it is held for you, and you get"
            " a message."
        ),
        EntryState.OFFERED: _(
            "This place is held for you. Without an answer it goes to the next in line, and your"
            " wish ends."
        ),
        EntryState.TAKEN: _("You took the place that was held for you."),
        EntryState.BOOKED: _("You have booked such a place for this time, so you wait no longer."),
        EntryState.DECLINED: _("You did not want the place. It went to the next in line."),
        EntryState.MISSED: _(
            "The place was held for you and nobody answered in time. It went to the next in line."
        ),
        EntryState.WITHDRAWN: _("You no longer wait for this."),
        EntryState.ENDED: _("Nothing became free in time."),
    }[entry.state]


def held_until(offer: Offered) -> str:
    """Until when the place is held."""
    moment = reservations.moment(offer.expires_at, offer.place.spot.zone_name)
    return _("Held for you until %(moment)s", moment=moment)


def announced(entry: Entry) -> str:
    """What is held for whom waited, in one sentence."""
    if entry.offer is None:
        return state(entry.state)
    zone_name = entry.offer.place.spot.zone_name
    return _(
        "%(place)s is free for you: %(period)s. It is held for you until %(moment)s.",
        place=entry.offer.place.spot.code,
        period=reservations.period(entry.local),
        moment=reservations.moment(entry.offer.expires_at, zone_name),
    )


def waits_until(entry: Entry) -> str:
    """Until when it is waited for."""
    if entry.waits_until == entry.interval.starts_at:
        return _("Until it begins")
    zone_name = entry.place.spot.zone_name
    return _("Until %(moment)s", moment=reservations.moment(entry.waits_until, zone_name))


def scope(entry: Entry) -> str:
    """Which places would do."""
    if not entry.any_like:
        return _("This space only")
    return ngettext(
        "This space or any like it (%(num)s in all)",
        "This space or any like it (%(num)s in all)",
        entry.places,
    )
