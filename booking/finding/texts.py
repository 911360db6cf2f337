"""A search in words: why a place is offered, and what is different in what is near."""

from __future__ import annotations

from collections.abc import Sequence

from booking.core.i18n import _, format_clock, isolated, name_in, ngettext
from booking.core.intervals import LocalInterval
from booking.finding.finder import Barred, Difference, Found, Near
from booking.finding.queries import FeatureChoice
from booking.finding.rules import Reason, Why
from booking.reservations.texts import end_clock


def reason(found: Reason) -> str:
    """One thing that speaks for a place, as a sentence."""
    if found.mine is not None:
        return _near_to_mine(found.why) % {
            "time": format_clock(found.mine.starts_at),
            "space": found.mine.code,
        }
    if found.why is Why.USUAL:
        return ngettext(
            "Your usual space: booked once in three months",
            "Your usual space: booked %(num)s times in three months",
            found.count,
        )
    if found.why is Why.AREA_OF_YOUR_ORGANISATION:
        return ngettext(
            "Beside a reservation of your colleagues that day",
            "Beside %(num)s reservations of your colleagues that day",
            found.count,
        )
    if found.why is Why.FLOOR_OF_YOUR_ORGANISATION:
        return ngettext(
            "On the floor of a reservation of your colleagues that day",
            "On the floor of %(num)s reservations of your colleagues that day",
            found.count,
        )
    if found.why is Why.SMALLEST_THAT_FITS:
        return ngettext(
            "The smallest that fits: %(num)s person",
            "The smallest that fits: %(num)s people",
            found.count,
        )
    return _plain(found.why)


def _near_to_mine(why: Why) -> str:
    return {
        Why.AREA_OF_YOUR_RESERVATION: _("Beside your reservation at %(time)s (%(space)s)"),
        Why.FLOOR_OF_YOUR_RESERVATION: _(
            "On the floor of your reservation at %(time)s (%(space)s)"
        ),
        Why.BUILDING_OF_YOUR_RESERVATION: _(
            "In the building of your reservation at %(time)s (%(space)s)"
        ),
    }[why]


def _plain(why: Why) -> str:
    return {
        Why.AS_PREFERRED: _("Has what you prefer"),
        Why.EXACTLY_AS_ASKED: _("Has exactly what you asked for"),
        Why.WITHOUT_APPROVAL: _("Booked at once, without approval"),
        Why.FITS: _("Free for the whole time"),
    }[why]


def difference(near: Near) -> str:
    """What is not as it was wished."""
    if near.lacks:
        return _(
            "Without: %(features)s", features=_(", ").join(name_in(one.names) for one in near.lacks)
        )
    return {
        Difference.OTHER_TIME: _("Another time on the same day"),
        Difference.SHORTER: _("Same start, shorter"),
        Difference.OTHER_AREA: _("In another area"),
        Difference.OTHER_BUILDING: _("In another building"),
        Difference.OTHER_DAY: _("Another day"),
    }[near.difference]


def spaces(barred: Barred) -> str:
    """Which places the house rules do not give."""
    return ngettext(
        "%(num)s space: %(space)s",
        "%(num)s spaces, such as %(space)s",
        barred.count,
        space=barred.sample.spot.code,
    )


def free(count: int, local: LocalInterval) -> str:
    """The heading of the result."""
    return ngettext(
        "%(num)s space is free from %(start)s to %(end)s",
        "%(num)s spaces are free from %(start)s to %(end)s",
        count,
        start=format_clock(local.starts_at),
        end=end_clock(local.starts_at, local.ends_at),
    )


def nothing(found: Found, step_free: bool) -> str:
    """Why nothing is offered, as far as it is not a house rule that says it."""
    if found.fits:
        return _("No space that fits is free at this time.")
    if found.largest:
        return ngettext(
            "No space of this kind is so large. The largest takes %(num)s person.",
            "No space of this kind is so large. The largest takes %(num)s people.",
            found.largest,
        )
    if step_free:
        return _("No space with step-free access has everything that you asked for.")
    return _("No space has everything that you asked for.")


def preferred(features: Sequence[FeatureChoice]) -> str:
    """What is preferred, beside the box that says that it shall decide; empty for nothing."""
    if not features:
        return ""
    names = _(", ").join(isolated(name_in(one.names)) for one in features)
    return _("First what has this, if it is free: %(features)s", features=names)
