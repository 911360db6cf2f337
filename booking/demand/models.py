"""The table of counters: how often a reason kept a wish from being met."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Model


class UnmetDemand(Model):
    """One counter. It knows no person, no organisation, no text and no single space: `day` is when
    somebody was refused, `hour` the one on the clock of the site for which they wished, `kind` the
    code of a kind of space, `size` the smallest number of people of the band they wished for."""

    __tablename__ = "unmet_demand"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]

    __table_args__ = (
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        CheckConstraint("count > 0", name="count"),
    )
