"""An import: first a dry run that changes nothing, then all of it in one transaction, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from booking.core import clock, ids
from booking.core.database import execute, session, transactional
from booking.core.errors import BookingError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, require
from booking.exchange import columns, people, places, rules
from booking.exchange.models import ImportDraft
from booking.exchange.planning import Importer, Line, Outcome
from booking.exchange.rules import Subject
from booking.journal import service as journal

KEPT = timedelta(hours=1)

IMPORTERS: dict[Subject, Callable[[], Importer]] = {
    Subject.BUILDINGS: places.importer_of_buildings,
    Subject.FLOORS: places.importer_of_floors,
    Subject.AREAS: places.importer_of_areas,
    Subject.RESOURCES: places.ResourcesImporter,
    Subject.ORGANISATIONS: people.OrganisationsImporter,
    Subject.PERSONS: people.PersonsImporter,
}


class NotReadyError(BookingError):
    """A line is wrong, or the park has changed since the dry run: its report is a new one."""

    code = "import_not_ready"


@dataclass(frozen=True)
class Report:
    """What a file would do, or has done."""

    public_id: str
    subject: Subject
    expires_at: datetime
    lines: tuple[Line, ...]

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many lines there are of each outcome."""
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in Outcome}

    @property
    def is_ready(self) -> bool:
        """Whether it can be carried out, and would do anything."""
        counts = self.counts
        return not counts[Outcome.ERROR] and bool(counts[Outcome.NEW] + counts[Outcome.CHANGED])


def try_out(actor: Actor, subject: Subject, octets: bytes) -> Report:
    """The dry run: nothing is changed, the file is kept for an hour. Raises FileError."""
    require(actor, Action.OPERATE)
    text = rules.text_of(octets)
    _, lines = _planned(subject, text)
    return _keep(actor, subject, text, lines)


def report(actor: Actor, public_id: str) -> Report:
    """The report of one's own dry run; raises NotFoundError when it is over."""
    require(actor, Action.OPERATE)
    draft = _draft(actor, public_id)
    return _report(draft, lines_of(draft.report))


def carry_out(actor: Actor, public_id: str) -> Report:
    """Do all that the dry run said, in one transaction.

    Raises NotReadyError when it said that a line is wrong, or would say something else by now; the
    report is then the new one.
    """
    done = _carry_out(actor, public_id)
    if done is None:
        raise NotReadyError
    return done


@transactional
def try_out_again(actor: Actor, public_id: str) -> Report:
    """The dry run of a file that is kept, in the park as it is now; raises NotFoundError."""
    require(actor, Action.OPERATE)
    draft = _draft(actor, public_id, locked=True)
    _, lines = _planned(Subject(draft.subject), draft.content)
    draft.report = written(lines)
    return _report(draft, lines)


@transactional
def forget_old_drafts() -> None:
    """Delete the files whose hour is over; called by the tick in its transaction."""
    execute(delete(ImportDraft).where(ImportDraft.expires_at <= clock.now()))


@transactional
def _carry_out(actor: Actor, public_id: str) -> Report | None:
    require(actor, Action.OPERATE)
    draft = _draft(actor, public_id, locked=True)
    importer, lines = _planned(Subject(draft.subject), draft.content)
    now = _report(draft, lines)
    if not now.is_ready or now.lines != lines_of(draft.report):
        draft.report = written(lines)
        return None
    importer.carry_out(actor)
    counts = now.counts
    journal.write(
        actor,
        "imported",
        subject_kind="import",
        subject_id=public_id,
        after={
            "subject": draft.subject,
            **{outcome.value: counts[outcome] for outcome in Outcome},
        },
    )
    session().delete(draft)
    return now


@transactional
def _keep(actor: Actor, subject: Subject, text: str, lines: Sequence[Line]) -> Report:
    draft = ImportDraft(
        public_id=ids.new_public_id(),
        person_id=actor.person_id,
        subject=subject.value,
        content=text,
        report=written(lines),
        created_at=clock.now(),
        expires_at=clock.now() + KEPT,
    )
    session().add(draft)
    return _report(draft, lines)


def _planned(subject: Subject, text: str) -> tuple[Importer, list[Line]]:
    rows = rules.rows_of(text, columns.NAMES[subject], columns.KEYS[subject])
    importer = IMPORTERS[subject]()
    return importer, importer.plan(rows)


def _draft(actor: Actor, public_id: str, *, locked: bool = False) -> ImportDraft:
    statement = select(ImportDraft).where(
        ImportDraft.public_id == public_id,
        ImportDraft.person_id == actor.person_id,
        ImportDraft.expires_at > clock.now(),
    )
    if locked:
        statement = statement.with_for_update()
    found = session().scalars(statement.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFoundError
    return found


def _report(draft: ImportDraft, lines: Sequence[Line]) -> Report:
    return Report(draft.public_id, Subject(draft.subject), draft.expires_at, tuple(lines))


def written(lines: Sequence[Line]) -> list[list[object]]:
    """Lines as JSON keeps them."""
    return [
        [line.number, line.key, line.outcome.value, dict(line.problems)]
        if line.problems
        else [line.number, line.key, line.outcome.value]
        for line in lines
    ]


def lines_of(report: Sequence[Sequence[object]]) -> tuple[Line, ...]:
    """What `written` was given."""
    return tuple(_line(*entry) for entry in report)  # type: ignore[arg-type]  # as written there


def _line(number: int, key: str, outcome: str, problems: Mapping[str, str] | None = None) -> Line:
    found = {name: Problem(problem) for name, problem in (problems or {}).items()}
    return Line(number, key, Outcome(outcome), found)
