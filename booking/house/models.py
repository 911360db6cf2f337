"""The table of the house's settings: one row; name and legal notice stand with the site."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Model

THE_HOUSE = 1


class House(Model):
    """Settings of the one house. A length of time that is empty means for ever."""

    __tablename__ = "house"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    logo_digest: Mapped[str | None] = mapped_column(String(16))
    controller: Mapped[str] = mapped_column(String(200), default="")
    controller_address: Mapped[str] = mapped_column(String(300), default="")
    privacy_contact: Mapped[str] = mapped_column(String(254), default="")
    cndp_receipt: Mapped[str] = mapped_column(String(80), default="")
    keep_closed_accounts_months: Mapped[int | None]
    keep_purposes_months: Mapped[int | None]
    keep_messages_days: Mapped[int | None]
    keep_sign_ins_days: Mapped[int | None]
    keep_views_months: Mapped[int | None]
    keep_journal_years: Mapped[int | None]

    __table_args__ = (CheckConstraint("id = 1", name="one"),)
