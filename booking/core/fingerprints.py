"""Fingerprints of what a form shows, field by field: two who edit do not overwrite each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from booking.core.errors import OutdatedError

_DIGITS = 6  # of each field: enough to notice a change, short enough to stand in a form


def fingerprint(values: Mapping[str, object]) -> str:
    """A mark of these values; it changes when one of them does."""
    return ".".join(_mark(value) for value in values.values())


def require_unchanged(seen: str | None, values: Mapping[str, object]) -> None:
    """Raise OutdatedError, which names the changed fields, unless `seen` is the fingerprint of the
    values as they are now; None stands for somebody who does not mind."""
    if seen is None:
        return
    marks = seen.split(".")
    if len(marks) != len(values):
        marks = [""] * len(values)  # no fingerprint of ours: everything may be new to them
    changed = tuple(
        name
        for mark, (name, value) in zip(marks, values.items(), strict=True)
        if mark != _mark(value)
    )
    if changed:
        raise OutdatedError(changed, fingerprint(values))


def _mark(value: object) -> str:
    written = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(written.encode(), digest_size=_DIGITS // 2).hexdigest()
