"""Files of buildings, floors, areas and resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import msgspec

from booking.core.errors import InvalidError, PlacesNeededError, Problem
from booking.core.permissions import Actor
from booking.exchange import columns
from booking.exchange.columns import KEYS, Values
from booking.exchange.links import Links
from booking.exchange.planning import Line, Met, Outcome
from booking.exchange.rules import MOST_LINES, FileError, FileProblem, Row, Subject
from booking.policies import queries as policies
from booking.reservations import linking, pooling
from booking.spaces import inventory, numbering, service
from booking.spaces.drafts import (
    AnyDraft,
    AreaDraft,
    BuildingDraft,
    FloorDraft,
    ResourceDraft,
    Stored,
)
from booking.spaces.inventory import StoredResource

LONGEST_KEY = 80  # of what a report calls a line
CODE = "{code}"  # in a name: the code of each
PARTS = "parts"  # the column of what is taken with a space, which its draft does not say


@dataclass(frozen=True)
class Form(Generic[AnyDraft]):
    """A draft as the columns of its file say it, there and back."""

    subject: Subject
    draft: type[AnyDraft]
    to_values: Callable[[AnyDraft], Values] = lambda draft: draft.values
    from_values: Callable[[Values], Values] = lambda values: values

    def read(self, row: Row, before: AnyDraft | None) -> AnyDraft:
        """The draft that a line means, over the one there is. Raises InvalidError."""
        known = None if before is None else self.to_values(before)
        values = {"names": {}, **columns.read(self.subject, row, known)}
        return msgspec.convert(self.from_values(values), self.draft)

    def cells(self, draft: AnyDraft) -> list[Any]:  # Any: a cell
        """The line that means the draft."""
        return columns.written(self.subject, self.to_values(draft))


def buildings() -> Form[BuildingDraft]:
    """The form of buildings."""
    return Form(Subject.BUILDINGS, BuildingDraft)


def floors() -> Form[FloorDraft]:
    """The form of floors."""
    return Form(Subject.FLOORS, FloorDraft)


def areas() -> Form[AreaDraft]:
    """The form of areas: a floor is meant by its building and its level."""
    levels = {one.key: (one.draft.building, one.draft.level) for one in inventory.floors()}
    keys = {level: key for key, level in levels.items()}

    def to_values(draft: AreaDraft) -> Values:
        building, level = levels[draft.floor]
        return {**draft.values, "floor": {"building": building, "level": level}}

    def from_values(values: Values) -> Values:
        floor = values["floor"]
        key = keys.get((floor["building"], floor["level"]))
        if key is None:
            raise InvalidError({"level": Problem.NOT_FOUND})
        return {**values, "floor": key}

    return Form(Subject.AREAS, AreaDraft, to_values, from_values)


def resources() -> Form[ResourceDraft]:
    """The form of resources: policies and hours are meant by their names or their numbers."""
    named = {
        "policy": _Named(policies.policies()),
        "hours": _Named(inventory.hours()),
    }

    def to_values(draft: ResourceDraft) -> Values:
        return {
            **draft.values,
            **{field: one.name_of(getattr(draft, field)) for field, one in named.items()},
        }

    def from_values(values: Values) -> Values:
        found = {field: one.key_of(field, values.get(field, "")) for field, one in named.items()}
        return {**{name: value for name, value in values.items() if name != PARTS}, **found}

    return Form(Subject.RESOURCES, ResourceDraft, to_values, from_values)


def resource_lines() -> Iterator[list[Any]]:  # Any: a cell
    """The lines of all resources in use, with what is taken with each."""
    form, links = resources(), linking.parts_by_whole()
    for one in inventory.all_resources():
        if one.retired_at is None:
            values = {**form.to_values(one.draft), PARTS: links.get(one.draft.code, ())}
            yield columns.written(Subject.RESOURCES, values)


class _Named:
    """Policies, or hours: a name that two of them share means neither, their numbers always do."""

    def __init__(self, stored: Iterable[Stored[Any]]) -> None:  # Any: drafts with names
        self._names = {one.key: dict(one.draft.names) for one in stored}
        said = Counter(name for names in self._names.values() for name in set(names.values()))
        self._keys = {
            name: key
            for key, names in self._names.items()
            for name in names.values()
            if said[name] == 1
        }

    def key_of(self, field: str, text: str) -> int:
        if not text and len(self._names) == 1:
            return next(iter(self._names))
        if not text:
            raise InvalidError({field: Problem.MISSING})
        key = self._keys.get(text)
        if key is None and text.isascii() and text.isdigit() and len(text) < 10:
            key = int(text)
        if key not in self._names:
            raise InvalidError({field: Problem.NOT_FOUND})
        return key

    def name_of(self, key: int) -> str:
        return next((name for name in self._names[key].values() if name in self._keys), str(key))


# --- buildings, floors, areas ---


@dataclass(frozen=True)
class Handling(Generic[AnyDraft]):
    """What differs between buildings, floors and areas."""

    form: Form[AnyDraft]
    stored: Mapping[Hashable, Stored[AnyDraft]]
    add: Callable[[Actor, AnyDraft], object]
    change: Callable[[Actor, int, AnyDraft], object]


class PlacesImporter(Generic[AnyDraft]):
    """The few hundred buildings, floors and areas that a park has: one by one."""

    def __init__(self, handling: Handling[AnyDraft]) -> None:
        self._handling = handling
        self._met = Met()
        self._new: list[AnyDraft] = []
        self._changed: list[tuple[int, AnyDraft]] = []

    def plan(self, rows: list[Row]) -> list[Line]:
        """What each line would do."""
        lines = []
        for row in rows:
            key = _key_in_words(self._handling.form.subject, row)
            try:
                lines.append(Line(row.number, key, self._outcome(row)))
            except InvalidError as error:
                lines.append(Line.wrong(row.number, key, error))
        return lines

    def carry_out(self, actor: Actor) -> None:
        """Add and change."""
        for draft in self._new:
            self._handling.add(actor, draft)
        for key, draft in self._changed:
            self._handling.change(actor, key, draft)

    def _outcome(self, row: Row) -> Outcome:
        form = self._handling.form
        read = columns.read(form.subject, row)  # refuses a line without its keys
        key = _key(form.subject, read)
        self._met.meet(key)
        stored = self._handling.stored.get(key)
        draft = form.read(row, None if stored is None else stored.draft)
        if stored is not None and draft == stored.draft:
            return Outcome.UNCHANGED
        service.check(draft)  # type: ignore[arg-type]  # one of the three that it knows
        if stored is None:
            self._new.append(draft)
            return Outcome.NEW
        self._changed.append((stored.key, draft))
        return Outcome.CHANGED


def importer_of_buildings() -> PlacesImporter[BuildingDraft]:
    """Buildings, by code."""
    stored: dict[Hashable, Stored[BuildingDraft]] = {
        one.draft.code: one for one in inventory.buildings()
    }
    return PlacesImporter(
        Handling(buildings(), stored, service.add_building, service.change_building)
    )


def importer_of_floors() -> PlacesImporter[FloorDraft]:
    """Floors, by building and level."""
    stored: dict[Hashable, Stored[FloorDraft]] = {
        (one.draft.building, one.draft.level): one for one in inventory.floors()
    }
    return PlacesImporter(Handling(floors(), stored, service.add_floor, service.change_floor))


def importer_of_areas() -> PlacesImporter[AreaDraft]:
    """Areas, by code."""
    stored: dict[Hashable, Stored[AreaDraft]] = {one.draft.code: one for one in inventory.areas()}
    return PlacesImporter(Handling(areas(), stored, service.add_area, service.change_area))


def _key(subject: Subject, values: Values) -> Hashable:
    if subject is Subject.FLOORS:
        return values["building"], values["level"]
    return str(values["code"])


def _key_in_words(subject: Subject, row: Row) -> str:
    names = KEYS[subject] if subject is Subject.FLOORS else ["code"]
    return " ".join(row.cells.get(name, "") for name in names)[:LONGEST_KEY]


# --- resources ---


class ResourcesImporter:
    """Thousands of resources; one line may mean a range of them."""

    def __init__(self) -> None:
        self._form = resources()
        self._stored = {one.draft.code: one for one in inventory.all_resources()}
        self._met = Met()
        self._wanted: list[tuple[int, ResourceDraft, StoredResource | None]] = []
        self._links = Links(self._stored)

    def plan(self, rows: list[Row]) -> list[Line]:
        """What each line would do to each of its resources."""
        lines: list[Line] = []
        for row in rows:
            for code, problem, draft in self._read(row):
                if len(lines) == MOST_LINES:
                    raise FileError(FileProblem.TOO_MANY_LINES, line=row.number)
                lines.append(self._line(row, code, problem, draft))
        return self._checked(lines)

    def carry_out(self, actor: Actor) -> None:
        """The new ones in bulk, and so the changed ones; then what is taken with them."""
        self._links.undo(actor)
        new = [draft for _, draft, stored in self._wanted if stored is None]
        made = service.add_resources(actor, new) if new else []
        changed = {
            stored.public_id: draft for _, draft, stored in self._wanted if stored is not None
        }
        pooling.change_resources(actor, changed)
        added = {draft.code: public_id for draft, public_id in zip(new, made, strict=True)}
        self._links.make(actor, added)

    def _read(self, row: Row) -> Iterator[tuple[str, InvalidError | None, ResourceDraft | None]]:
        text = row.cells.get("code", "")
        try:
            columns.read(Subject.RESOURCES, row)
            codes = numbering.codes(text)
        except InvalidError as error:
            yield text[:LONGEST_KEY], error, None
            return
        for code in codes:
            try:
                self._met.meet(code)
                yield code[:LONGEST_KEY], None, self._draft(row, code)
            except InvalidError as error:
                yield code[:LONGEST_KEY], error, None

    def _draft(self, row: Row, code: str) -> ResourceDraft:
        cells = {
            name: cell.replace(CODE, code) if name.startswith("name_") else cell
            for name, cell in row.cells.items()
        }
        stored = self._stored.get(code)
        before = None if stored is None else stored.draft
        draft = self._form.read(Row(row.number, {**cells, "code": code}), before)
        if before is not None and not draft.names:  # what was named by its kind keeps its name
            draft = msgspec.structs.replace(draft, names=before.names)
        return draft

    def _line(
        self, row: Row, code: str, problem: InvalidError | None, draft: ResourceDraft | None
    ) -> Line:
        if problem is not None or draft is None:
            return Line.wrong(row.number, code, problem or InvalidError({}))
        stored = self._stored.get(code)
        is_relinked = PARTS in row.cells and self._links.want(code, columns.codes(row.cells[PARTS]))
        if stored is not None and _same(draft, stored.draft):
            outcome = Outcome.CHANGED if is_relinked else Outcome.UNCHANGED
            return Line(row.number, code, outcome)
        outcome = Outcome.NEW if stored is None else Outcome.CHANGED
        self._wanted.append((row.number, draft, stored))
        return Line(row.number, code, outcome)

    def _checked(self, lines: list[Line]) -> list[Line]:
        """With what the service would refuse of those that are new or changed."""
        drafts = [draft for _, draft, _ in self._wanted]
        refusals = {
            draft.code: refusal
            for draft, refusal in zip(drafts, service.check_resources(drafts), strict=True)
            if refusal is not None
        }
        changed = {
            stored.public_id: draft for _, draft, stored in self._wanted if stored is not None
        }
        for public_id, least in pooling.needed(changed).items():
            refusals.setdefault(changed[public_id].code, PlacesNeededError(least))
        for code, problem in self._links.problems({draft.code: draft for draft in drafts}).items():
            refusals.setdefault(code, InvalidError({PARTS: problem}))
        return [
            Line.wrong(line.number, line.key, refusals[line.key])
            if line.key in refusals and line.outcome is not Outcome.ERROR
            else line
            for line in lines
        ]


def _same(draft: ResourceDraft, other: ResourceDraft) -> bool:
    """Features are a set, whatever their order."""
    return set(draft.features) == set(other.features) and draft == msgspec.structs.replace(
        other, features=draft.features
    )
