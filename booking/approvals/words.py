"""Sentences about requests in the reader's language."""

from __future__ import annotations

from datetime import datetime, timedelta

from booking.approvals.queries import Claimed
from booking.core.errors import (
    BookingError,
    InvalidError,
    RefusedError,
    StaleError,
    WouldDeclineError,
)
from booking.core.i18n import (
    _,
    format_clock,
    format_day,
    format_short_day,
    isolated,
    name_in,
    ngettext,
)
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.core.refusal_texts import describe
from booking.core.refusals import Reason
from booking.occupancy.models import ClaimKind
from booking.people.deputies import Absence
from booking.reservations.queries import Details
from booking.reservations.texts import end_clock


def who_asks(request: Details) -> str:
    """The organisation, else the person."""
    return (request.organisation or request.person).name


def is_one_day(local: LocalInterval) -> bool:
    """Whether it ends on the day on which it starts, at its midnight at the latest."""
    return (local.ends_at - timedelta(minutes=1)).date() == local.starts_at.date()


def when(local: LocalInterval) -> str:
    """From when to when, in words that stand alone."""
    start, end = local.starts_at, local.ends_at
    if is_one_day(local):
        return _(
            "%(day)s from %(start)s to %(end)s",
            day=format_short_day(start),
            start=format_clock(start),
            end=end_clock(start, end),
        )
    return _(
        "%(first_day)s at %(start)s to %(last_day)s at %(end)s",
        first_day=format_short_day(start),
        start=format_clock(start),
        last_day=format_short_day(end),
        end=format_clock(end),
    )


def stand_in(actor: Actor, found: Absence) -> str:
    """Who decides in whose place today, to one of the two."""
    last = format_day(found.last_day)
    if found.person_id == actor.person_id:
        return _(
            "%(deputy)s also decides on the requests for your places, until %(day)s.",
            deputy=isolated(found.deputy.name),
            day=last,
        )
    return _(
        "You also decide in the place of %(absent)s, until %(day)s.",
        absent=isolated(found.absent.name),
        day=last,
    )


def conflict(claim: Claimed, local: LocalInterval, beside: datetime) -> str:
    """Who is there at the wished time; the day is named where it is not the wished one."""
    if claim.places:
        return ngettext(
            "Its %(num)s place is taken at this time",
            "All %(num)s places are taken at this time",
            claim.places,
        )
    name = claim_name(claim)
    if is_one_day(local) and local.starts_at.date() == beside.date():
        return _(
            "Conflict with %(who)s from %(start)s to %(end)s",
            who=isolated(name),
            start=format_clock(local.starts_at),
            end=end_clock(local.starts_at, local.ends_at),
        )
    return _("Conflict with %(who)s, %(when)s", who=isolated(name), when=when(local))


def claim_name(claim: Claimed) -> str:
    """What stands on a claim: whose it is, or what the house does."""
    if claim.closure_names is not None:
        return name_in(claim.closure_names) or _("Closed")
    if claim.kind is ClaimKind.SETUP:
        return _("Set-up")
    if claim.kind is ClaimKind.CLEANUP:
        return _("Cleaning")
    return claim.who


def approved(request: Details, place: str, local: LocalInterval) -> str:
    """What the note says after a yes."""
    return _(
        "Approved: %(who)s has %(place)s %(when)s. A message goes to them.",
        who=isolated(who_asks(request)),
        place=isolated(place),
        when=when(local),
    )


def approved_in_part(request: Details, place: str, local: LocalInterval) -> str:
    """What the note says after a yes that others still have to say, too."""
    return _(
        "Approved on your side: %(who)s, %(place)s, %(when)s. It is confirmed once the others who"
        " are asked approve it, too.",
        who=isolated(who_asks(request)),
        place=isolated(place),
        when=when(local),
    )


def declined(request: Details, place: str, local: LocalInterval) -> str:
    """What the note says after a no."""
    return _(
        "Declined: the request of %(who)s for %(place)s, %(when)s."
        " A message with your reason goes to them.",
        who=isolated(who_asks(request)),
        place=isolated(place),
        when=when(local),
    )


def change_declined(request: Details, place: str, local: LocalInterval) -> str:
    """What the note says after a no to a change."""
    return _(
        "Declined: the change that %(who)s asked for. Their reservation of %(place)s stays"
        " %(when)s. A message with your reason goes to them.",
        who=isolated(who_asks(request)),
        place=isolated(place),
        when=when(local),
    )


def why_not(error: BookingError) -> str:
    """Why one decision of several was not taken."""
    match error:
        case StaleError():
            return _("It has changed since you opened the page. Look at it once more.")
        case WouldDeclineError(references=references):
            return ngettext(
                "It wants the same time as the request %(references)s: compare them first.",
                "It wants the same time as the requests %(references)s: compare them first.",
                len(references),
                references=_(", ").join(isolated(one) for one in references),
            )
        case RefusedError(refusals=refusals):
            if any(refusal.reason is Reason.SLOT_TAKEN for refusal in refusals):
                return _("The place is taken at this time.")
            return " ".join(describe(refusal) for refusal in refusals)
        case InvalidError():
            return _("This form was sent before with another answer. Look at the request.")
    return _("It no longer waits for your decision.")


def decided(count: int, *, is_yes: bool) -> str:
    """How many of several went through."""
    if is_yes:
        return ngettext("%(num)s request approved.", "%(num)s requests approved.", count)
    return ngettext("%(num)s request declined.", "%(num)s requests declined.", count)


def left(count: int) -> str:
    """How many of several did not."""
    return ngettext("%(num)s request was not decided:", "%(num)s requests were not decided:", count)
