"""The table of imports that wait for their one button."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model


class ImportDraft(Model):
    """A file between its dry run and its confirmation: what was shown is what will be done."""

    __tablename__ = "import_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    subject: Mapped[str] = mapped_column(String(24))
    content: Mapped[str] = mapped_column(Text)
    report: Mapped[list[list[object]]] = mapped_column(JSON)  # as service.lines_of reads it
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
