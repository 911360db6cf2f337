"""What a file of spaces says about what is taken with each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from booking.core.errors import Problem
from booking.core.permissions import Actor
from booking.reservations import linking
from booking.spaces.drafts import ResourceDraft
from booking.spaces.inventory import StoredResource


class Links:
    """The parts of spaces by their codes: as they are, and as the file wants them."""

    def __init__(self, stored: Mapping[str, StoredResource]) -> None:
        self._stored = stored
        self._had = linking.parts_by_whole()
        self._wanted: dict[str, tuple[str, ...]] = {}

    def want(self, code: str, parts: Sequence[str]) -> bool:
        """Whether these are others than the space has."""
        if set(parts) == set(self._had.get(code, ())):
            return False
        self._wanted[code] = tuple(parts)
        return True

    def problems(self, drafts: Mapping[str, ResourceDraft]) -> dict[str, Problem]:
        """What is wrong with those that are wanted, by the space; `drafts` are the new and the
        changed spaces. Writes nothing."""
        after = {**self._had, **self._wanted}
        inside = {part: whole for whole, parts in after.items() for part in parts}
        known = {code: one.draft for code, one in self._stored.items() if one.retired_at is None}
        known |= drafts
        found = {}
        for code, parts in self._wanted.items():
            problem = self._problem(code, parts, known, after, inside)
            if problem is not None:
                found[code] = problem
        return found

    def _problem(
        self,
        code: str,
        parts: Sequence[str],
        known: Mapping[str, ResourceDraft],
        after: Mapping[str, Sequence[str]],
        inside: Mapping[str, str],
    ) -> Problem | None:
        if not parts:
            return None
        if code in parts:
            return Problem.ITSELF
        if not set(parts) <= known.keys():
            return Problem.NOT_FOUND
        if len(parts) > linking.MOST_PARTS:
            return Problem.TOO_MANY
        if any(known[one].units > 1 for one in (code, *parts) if one in known):
            return Problem.POOL
        if any(after.get(part) for part in parts):
            return Problem.HAS_PARTS
        if code in inside:
            return Problem.IS_PART
        stored = self._stored.get(code)
        is_taken = stored is not None and linking.is_in_the_way(stored.public_id, parts)
        return Problem.IN_USE if is_taken else None

    def undo(self, actor: Actor) -> None:
        """Give back the parts that are no longer wanted, before anything else is taken."""
        for code, parts in self._wanted.items():
            had = self._had.get(code, ())
            kept = [one for one in had if one in parts]
            if len(kept) < len(had):
                linking.set_parts(actor, self._stored[code].public_id, kept)

    def make(self, actor: Actor, added: Mapping[str, str]) -> None:
        """Take those that are wanted; `added` are the public ids of new spaces."""
        for code, parts in self._wanted.items():
            public_id = added.get(code) or self._stored[code].public_id
            linking.set_parts(actor, public_id, parts)
