"""What the API says of a reservation, as shapes; `representation` fills them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from booking.core.refusals import LayoutKind, Measure, QuotaOf, QuotaPeriod
from booking.core.schema import Moment, PublicId
from booking.policies.quotas import Balance
from booking.reservations.alternatives import Why
from booking.reservations.models import Asking, DeclineReason, State
from booking.spaces.drafts import SpanDraft
from booking.spaces.opening import Expected, ExpectedHours
from booking.spaces.timetables import clock_text

Reason = dict[str, Any]  # Any: the code of a refusal and the facts that belong to it


class Named(msgspec.Struct):
    """A person or an organisation."""

    id: PublicId
    name: str


class LocalTimes(msgspec.Struct):
    """When, as the clock on the wall of the place shows it."""

    starts_at: str
    ends_at: str
    zone: str
    offset: str


class ReservedResource(msgspec.Struct):
    """A resource of a reservation, and where it is."""

    id: PublicId
    code: str
    name: str
    kind: str
    building: str
    floor: int
    area: str


class HolderNames(msgspec.Struct):
    """For whom it is; a guest without an account is named beside whoever answers for them."""

    person: Named
    organisation: Named | None
    guest: str | msgspec.UnsetType = msgspec.UNSET


class DecisionMade(msgspec.Struct):
    """Where one policy's question stands; who said it and why is for whoever reads the history."""

    version: int
    state: Asking
    decided_at: Moment | None
    decided_by: Named | msgspec.UnsetType | None = msgspec.UNSET
    reason_code: DeclineReason | msgspec.UnsetType | None = msgspec.UNSET
    reason: str | msgspec.UnsetType | None = msgspec.UNSET


class ApprovalAsked(msgspec.Struct):
    """Until when somebody has to answer, who is asked while it waits, and what was said."""

    deadline: Moment | None
    decisions: list[DecisionMade]
    asked_of: list[str] | msgspec.UnsetType = msgspec.UNSET


class QuestionAsked(msgspec.Struct):
    """What was asked before deciding, and the answer once there is one."""

    question: str
    asked_by: Named
    asked_at: Moment
    answer: str | None
    answered_by: Named | None
    answered_at: Moment | None


class AmendmentWaiting(msgspec.Struct):
    """A change that waits for approval; the reservation stays as it is until then."""

    id: PublicId
    starts_at: Moment
    ends_at: Moment
    local: LocalTimes
    resources: list[ReservedResource]
    title: str
    headcount: int
    layout: LayoutKind | None
    deadline: Moment


class AttendanceShown(msgspec.Struct):
    """Where presence is confirmed: from when on, until when it is waited for, whether somebody
    came or is late, and whether the place was given back because nobody did."""

    opens_at: Moment
    until: Moment
    checked_in_at: Moment | None
    late_until: Moment | None
    released_at: Moment | None


class InSeries(msgspec.Struct):
    """Of which series it is, and when the repetition lets it begin, on the clock of its site."""

    id: PublicId
    starts_at: str | None
    links: dict[str, str]


class AnnouncementExpected(msgspec.Struct):
    """What may still be announced: a public holiday, which closes this day, or the hours of a
    profile, which leave out a part of the reservation on it; only these have `spans`."""

    day: date
    names: dict[str, str]
    spans: list[SpanDraft] | msgspec.UnsetType = msgspec.UNSET


class ReservationShown(msgspec.Struct):
    """A reservation; fields that the reader may not see, or that do not apply, are absent."""

    id: PublicId
    reference: str
    state: State
    version: int
    sequence: int
    title: str
    headcount: int
    layout: LayoutKind | None  # null: as the rooms stand
    starts_at: Moment
    ends_at: Moment
    local: LocalTimes
    resources: list[ReservedResource]
    holder: HolderNames
    booked_by: Named
    created_at: Moment
    changed_at: Moment
    links: dict[str, str]
    reason_code: DeclineReason | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    series: InSeries | msgspec.UnsetType = msgspec.UNSET
    approval: ApprovalAsked | msgspec.UnsetType = msgspec.UNSET
    amendment: AmendmentWaiting | msgspec.UnsetType = msgspec.UNSET
    questions: list[QuestionAsked] | msgspec.UnsetType = msgspec.UNSET
    attendance: AttendanceShown | msgspec.UnsetType = msgspec.UNSET
    subject_to_announcement: list[AnnouncementExpected] | msgspec.UnsetType = msgspec.UNSET


class AlternativeShown(msgspec.Struct):
    """What would succeed instead; it can be posted as it is."""

    resource: PublicId
    resources: list[PublicId]
    code: str
    starts_at: Moment
    ends_at: Moment
    why: Why


class BalanceShown(msgspec.Struct):
    """One limit of a quota: what of it is used and what a wish would take, in minutes or in
    reservations. `group` is the number of the policy whose resources share it."""

    group: int
    whose: QuotaOf
    period: QuotaPeriod
    measure: Measure
    limit: int
    used: int
    wanted: int
    starts_on: date | None
    frees_on: date | None


class VerdictShown(msgspec.Struct):
    """Whether a reservation would be accepted now, and where the quotas stand."""

    allowed: bool
    needs_approval: bool
    reasons: list[Reason]
    alternatives: list[AlternativeShown]
    balances: list[BalanceShown]
    subject_to_announcement: list[AnnouncementExpected]


def expected_as_json(expected: Iterable[Expected]) -> list[dict[str, object]]:
    """What may still be announced."""
    return [
        {"day": one.day.isoformat(), "names": dict(one.names), **_spans_of(one)} for one in expected
    ]


def _spans_of(one: Expected) -> dict[str, object]:
    if not isinstance(one, ExpectedHours):
        return {}
    return {
        "spans": [
            {"opens": clock_text(span.opens), "closes": clock_text(span.closes)}
            for span in one.spans
        ]
    }


def balances_as_json(balances: Iterable[Balance]) -> list[dict[str, object]]:
    """Each limit of these balances."""
    return [
        {
            "group": balance.policy_id,
            "whose": one.whose.value,
            "period": one.period.value,
            "measure": one.measure.value,
            "limit": one.limit,
            "used": one.used,
            "wanted": one.wanted,
            "starts_on": one.starts_on and one.starts_on.isoformat(),
            "frees_on": one.frees_on and one.frees_on.isoformat(),
        }
        for balance in balances
        for one in balance.told
    ]
