"""What an operator says about a policy, as forms and the API hand it over."""

from __future__ import annotations

from booking.core.refusals import QuotaPeriod, WhoMayBook
from booking.policies.models import Shown
from booking.spaces.drafts import Draft, Names


class PolicyDraft(Draft, frozen=True, kw_only=True):
    """A policy; lengths, notice, time to decide and grace in minutes, the horizon in days.

    Quotas: how much one person, and one organisation, may have in a period; None is no limit.
    """

    names: Names
    granularity: int = 15
    shortest: int = 30
    longest: int = 12 * 60
    notice: int = 0
    horizon: int = 60
    series_horizon: int | None = None
    who_may_book: WhoMayBook = WhoMayBook.ANYONE
    needs_approval: bool = False
    holds_while_pending: bool = True
    decide_within: int = 48 * 60
    own_request_may_be_decided: bool = False
    others_see: Shown = Shown.BUSY
    asks_for_authorisation: bool = False
    asks_for_check_in: bool = False
    grace_minutes: int = 15
    setup_minutes: int = 0
    cleanup_minutes: int = 0
    person_quota_minutes: int | None = None
    person_quota_count: int | None = None
    person_quota_period: QuotaPeriod = QuotaPeriod.WEEK
    organisation_quota_minutes: int | None = None
    organisation_quota_count: int | None = None
    organisation_quota_period: QuotaPeriod = QuotaPeriod.WEEK
