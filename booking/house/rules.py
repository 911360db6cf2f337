"""How long personal data is kept, and between which limits the operator chooses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS_OF_A_MONTH = 30.4375
DAYS_OF_A_YEAR = 365.25


@dataclass(frozen=True)
class Retention:
    """How long each kind of data is kept; None means for ever."""

    closed_accounts_months: int | None = 12
    purposes_months: int | None = 24
    messages_days: int | None = 30
    sign_ins_days: int | None = 90
    views_months: int | None = 12
    journal_years: int | None = 5


# Smallest and largest number of each; the journal's lines cannot go before a year is over.
LIMITS: dict[str, tuple[int, int]] = {
    "closed_accounts_months": (0, 120),
    "purposes_months": (1, 120),
    "messages_days": (1, 3650),
    "sign_ins_days": (30, 3650),
    "views_months": (1, 120),
    "journal_years": (2, 30),
}


def since(now: datetime, *, days: int = 0, months: int = 0, years: int = 0) -> datetime:
    """The moment so long ago; what is older is over."""
    return now - timedelta(days=days + months * DAYS_OF_A_MONTH + years * DAYS_OF_A_YEAR)
