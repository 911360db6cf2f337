"""The journal's table, whose lines the database itself keeps from being changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model

# What people typed, and what names them: of these, and of no others, a line can be freed. The
# triggers know the same list; another word needs a migration.
WORDS = ("title", "reason", "question", "answer", "name", "email", "note", "text")
OLDEST_THAT_MUST_STAY = timedelta(days=366)

JsonFacts = dict[str, int | str | bool | None]


class JournalLine(Model):
    """One act: by whom (nobody: the house itself), on what, with the values before and after.

    Triggers refuse every UPDATE and DELETE but two: a line may lose all of its `WORDS` at once, and
    a line that is older than a year may go.
    """

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    act: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[str] = mapped_column(String(80))
    before: Mapped[JsonFacts | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[JsonFacts | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (
        Index("journal_subject_index", "subject_kind", "subject_id", "id"),
        Index("journal_actor_index", "actor_id", "at"),
        Index("journal_act_index", "act", "at"),
    )
