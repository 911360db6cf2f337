"""The table of policies: one named set of rules; its resources are its resource group."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Model, Names, choice
from booking.core.refusals import QuotaPeriod, WhoMayBook


class Shown(StrEnum):
    """What others see of a reservation."""

    BUSY = "busy"
    ORGANISATION = "organisation"
    PERSON = "person"


class Policy(Model):
    """Limits in minutes; the horizon in days."""

    __tablename__ = "policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    granularity: Mapped[int] = mapped_column(default=15)
    shortest: Mapped[int] = mapped_column(default=30)
    longest: Mapped[int] = mapped_column(default=12 * 60)
    notice: Mapped[int] = mapped_column(default=0)
    horizon: Mapped[int] = mapped_column(default=60)
    series_horizon: Mapped[int | None]  # of dates that repeat; none: the same
    who_may_book: Mapped[WhoMayBook] = mapped_column(
        choice(WhoMayBook, "who_may_book"), default=WhoMayBook.ANYONE
    )
    needs_approval: Mapped[bool] = mapped_column(default=False)
    holds_while_pending: Mapped[bool] = mapped_column(default=True)
    decide_within: Mapped[int] = mapped_column(default=48 * 60)
    own_request_may_be_decided: Mapped[bool] = mapped_column(default=False)
    others_see: Mapped[Shown] = mapped_column(choice(Shown, "others_see"), default=Shown.BUSY)
    asks_for_check_in: Mapped[bool] = mapped_column(default=False)
    asks_for_authorisation: Mapped[bool] = mapped_column(default=False)
    grace_minutes: Mapped[int] = mapped_column(default=15)  # after the start, to check in
    setup_minutes: Mapped[int] = mapped_column(default=0)
    cleanup_minutes: Mapped[int] = mapped_column(default=0)
    person_quota_minutes: Mapped[int | None]  # none: no limit
    person_quota_count: Mapped[int | None]
    person_quota_period: Mapped[QuotaPeriod] = mapped_column(
        choice(QuotaPeriod, "person_quota_period"), default=QuotaPeriod.WEEK
    )
    organisation_quota_minutes: Mapped[int | None]
    organisation_quota_count: Mapped[int | None]
    organisation_quota_period: Mapped[QuotaPeriod] = mapped_column(
        choice(QuotaPeriod, "organisation_quota_period"), default=QuotaPeriod.WEEK
    )

    __table_args__ = (
        CheckConstraint("granularity > 0 AND granularity % 5 = 0", name="granularity"),
        CheckConstraint("shortest > 0 AND shortest <= longest", name="length"),
        CheckConstraint("notice >= 0 AND horizon >= 0 AND decide_within > 0", name="ahead"),
        CheckConstraint("grace_minutes > 0", name="grace"),
        CheckConstraint(
            "setup_minutes BETWEEN 0 AND 1440 AND cleanup_minutes BETWEEN 0 AND 1440",
            name="buffers",
        ),
        CheckConstraint("series_horizon >= 0", name="series_horizon"),
        CheckConstraint(
            "person_quota_minutes > 0 AND organisation_quota_minutes > 0"
            " AND person_quota_count > 0 AND organisation_quota_count > 0",
            name="quotas",
        ),
    )
