"""What a policy will do, in whole sentences: for whom, how long, how far ahead, who decides."""

from __future__ import annotations

from dataclasses import dataclass

from booking.core.i18n import _, format_duration
from booking.core.refusal_texts import measured
from booking.core.refusals import QuotaOf, QuotaPeriod, WhoMayBook
from booking.policies.drafts import PolicyDraft
from booking.policies.models import Shown
from booking.policies.quotas import Quota, quotas_from

DAY = 24 * 60


@dataclass(frozen=True)
class Sentence:
    """One thing that a policy does; `topic` is the same for any policy."""

    topic: str
    icon: str
    text: str


@dataclass(frozen=True)
class Difference:
    """A sentence that becomes another."""

    icon: str
    before: str
    after: str


def sentences(policy: PolicyDraft) -> tuple[Sentence, ...]:
    """Everything the policy does, in the reader's language."""
    return (
        Sentence("who", "users", _who(policy)),
        Sentence("authorisation", "shield-check", _authorisation(policy)),
        Sentence("ahead", "calendar-days", _ahead(policy)),
        Sentence("length", "clock", _length(policy)),
        Sentence("buffers", "brush-cleaning", _buffers(policy)),
        Sentence("quotas", "hourglass", _quotas(policy)),
        Sentence("approval", "clipboard-check", _approval(policy)),
        Sentence("presence", "badge-check", _presence(policy)),
        Sentence("shown", "eye", _shown(policy)),
    )


def differences(before: PolicyDraft, after: PolicyDraft) -> tuple[Difference, ...]:
    """The sentences that a change makes different."""
    return tuple(
        Difference(new.icon, old.text, new.text)
        for old, new in zip(sentences(before), sentences(after), strict=True)
        if old.text != new.text
    )


def _who(policy: PolicyDraft) -> str:
    if policy.who_may_book is WhoMayBook.MEMBERS:
        return _("Only members of an organisation may book.")
    return _("Anyone with an account may book.")


def _authorisation(policy: PolicyDraft) -> str:
    if policy.asks_for_authorisation:
        return _("Only people with an authorisation that is valid on the day may use the space.")
    return _("Nobody needs an authorisation.")


def _ahead(policy: PolicyDraft) -> str:
    said = _single_ahead(policy)
    if policy.series_horizon is None:
        return said
    horizon = format_duration(policy.series_horizon * DAY)
    if not policy.series_horizon:
        return said + " " + _("Recurring reservations are for the same day only.")
    return said + " " + _("Recurring ones up to %(horizon)s ahead.", horizon=horizon)


def _single_ahead(policy: PolicyDraft) -> str:
    horizon = format_duration(policy.horizon * DAY)
    if not policy.horizon:
        if not policy.notice:
            return _("Bookings are for the same day only, until the very start.")
        return _(
            "Bookings are for the same day only, at least %(notice)s before the start.",
            notice=format_duration(policy.notice),
        )
    if not policy.notice:
        return _(
            "Bookings are possible up to %(horizon)s ahead, until the very start.", horizon=horizon
        )
    return _(
        "Bookings are possible up to %(horizon)s ahead, at least %(notice)s before the start.",
        horizon=horizon,
        notice=format_duration(policy.notice),
    )


def _length(policy: PolicyDraft) -> str:
    step = format_duration(policy.granularity)
    longest = format_duration(policy.longest)
    if policy.shortest == policy.longest:
        return _(
            "Each reservation lasts %(length)s, and begins on steps of %(step)s.",
            length=longest,
            step=step,
        )
    return _(
        "Each lasts between %(shortest)s and %(longest)s, in steps of %(step)s.",
        shortest=format_duration(policy.shortest),
        longest=longest,
        step=step,
    )


def _buffers(policy: PolicyDraft) -> str:
    return kept_free(policy.setup_minutes, policy.cleanup_minutes) or _(
        "One reservation may follow directly on another."
    )


def kept_free(setup: int, cleanup: int) -> str:
    """What stays free around each reservation, minutes before and after; empty for nothing."""
    if setup and cleanup:
        return _(
            "The space stays free for %(setup)s before each reservation, for set-up, and for"
            " %(cleanup)s after it, for cleaning.",
            setup=format_duration(setup),
            cleanup=format_duration(cleanup),
        )
    if setup:
        return _(
            "The space stays free for %(setup)s before each reservation, for set-up.",
            setup=format_duration(setup),
        )
    if cleanup:
        return _(
            "The space stays free for %(cleanup)s after each reservation, for cleaning.",
            cleanup=format_duration(cleanup),
        )
    return ""


def _quotas(policy: PolicyDraft) -> str:
    found = quotas_from(
        policy.person_quota_minutes,
        policy.person_quota_count,
        policy.person_quota_period,
        policy.organisation_quota_minutes,
        policy.organisation_quota_count,
        policy.organisation_quota_period,
    )
    return " ".join(map(quota, found)) or _(
        "How much one person or one organisation may have is not limited."
    )


def quota(one: Quota) -> str:
    """What one person, or one organisation, may have of a resource group."""
    sentences = {
        (QuotaOf.PERSON, QuotaPeriod.DAY): _(
            "One person may have at most %(amount)s a day in these spaces together."
        ),
        (QuotaOf.PERSON, QuotaPeriod.WEEK): _(
            "One person may have at most %(amount)s a week in these spaces together."
        ),
        (QuotaOf.PERSON, QuotaPeriod.MONTH): _(
            "One person may have at most %(amount)s a month in these spaces together."
        ),
        (QuotaOf.PERSON, QuotaPeriod.AHEAD): _(
            "One person may have at most %(amount)s to come at one time in these spaces together."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.DAY): _(
            "One organisation may have at most %(amount)s a day in these spaces together."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.WEEK): _(
            "One organisation may have at most %(amount)s a week in these spaces together."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.MONTH): _(
            "One organisation may have at most %(amount)s a month in these spaces together."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.AHEAD): _(
            "One organisation may have at most %(amount)s to come at one time in these spaces"
            " together."
        ),
    }
    amounts = [measured(measure, limit) for measure, limit in one.limits]
    amount = amounts[0]
    if len(amounts) > 1:
        amount = _("%(hours)s and %(count)s", hours=amounts[0], count=amounts[1])
    return sentences[one.whose, one.period] % {"amount": amount}


def _approval(policy: PolicyDraft) -> str:
    if not policy.needs_approval:
        return _("Nobody needs to approve: a reservation is confirmed at once.")
    deadline = format_duration(policy.decide_within)
    if policy.holds_while_pending:
        first = _(
            "A lab manager decides within %(deadline)s; until then the place is held, and a request"
            " nobody answers expires.",
            deadline=deadline,
        )
    else:
        first = _(
            "A lab manager decides within %(deadline)s; until then the place stays free, several"
            " may ask for the same time, and approving one declines the others.",
            deadline=deadline,
        )
    second = (
        _("Lab managers may decide on requests of their own.")
        if policy.own_request_may_be_decided
        else _("Nobody decides on a request of their own.")
    )
    return _("%(first)s %(second)s", first=first, second=second)


def _presence(policy: PolicyDraft) -> str:
    if not policy.asks_for_check_in:
        return _("Nobody has to confirm their presence.")
    return _(
        "Whoever has not confirmed their presence %(grace)s after the start loses the place; it"
        " can be confirmed from 15 minutes before.",
        grace=format_duration(policy.grace_minutes),
    )


def _shown(policy: PolicyDraft) -> str:
    texts = {
        Shown.BUSY: _("Others see only that the time is booked."),
        Shown.ORGANISATION: _("Others see which organisation has booked."),
        Shown.PERSON: _("Others see who has booked, and what for."),
    }
    return texts[policy.others_see]
