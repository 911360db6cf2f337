"""The table of authorisations: one a person and resource group; prolonging moves its last day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model

LONGEST_NOTE = 200


class Authorisation(Model):
    """Somebody may use the spaces of a policy, up to and with a day of the site's calendar."""

    __tablename__ = "authorisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    given_on: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date, index=True)
    note: Mapped[str] = mapped_column(String(LONGEST_NOTE), default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("person_id", "policy_id"),)
