"""The table of what people prefer of a desk."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Model


class DeskPreference(Model):
    """A feature that matters to a person where any desk will do. One of them may tell of a need:
    only the person ever reads it."""

    __tablename__ = "desk_preference"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    feature_id: Mapped[int] = mapped_column(
        ForeignKey("feature.id", ondelete="CASCADE"), primary_key=True, index=True
    )
