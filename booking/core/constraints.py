"""What the database refuses, in our words: a value that is taken, a row that others refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from booking.core.database import savepoint
from booking.core.errors import InUseError, InvalidError, Problem

FOREIGN_KEY_SQLSTATE = "23503"
_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


@contextmanager
def translated(
    unique: Mapping[str, str] | None = None, *, refers: str | None = None
) -> Iterator[None]:
    """Write within a savepoint. A broken promise of `unique` (constraint to field) is an
    InvalidError for that field; a reference that does not hold is one for the field `refers`, and
    an InUseError where nothing of the kind is written. Any other is a bug."""
    try:
        with savepoint():
            yield
    except IntegrityError as error:
        field = (unique or {}).get(_broken(error))
        if field is not None:
            raise InvalidError({field: Problem.REUSED}) from error
        if not _is_about_references(error):
            raise
        if refers is None:
            raise InUseError from error
        raise InvalidError({refers: Problem.NOT_FOUND}) from error


def _broken(error: IntegrityError) -> str:
    """The name of a constraint; SQLite names its columns, which our names are made of."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name or ""
    found = _UNIQUE.search(str(error.orig))
    if not found:
        return ""
    columns = [column.split(".") for column in found[1].split(", ")]
    return "_".join([columns[0][0], *(name for _, name in columns), "unique"])


def _is_about_references(error: IntegrityError) -> bool:
    sqlstate = getattr(error.orig, "sqlstate", None)
    return sqlstate == FOREIGN_KEY_SQLSTATE or "FOREIGN KEY" in str(error.orig)
