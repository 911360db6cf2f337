"""Files of organisations and of persons, who are invited by mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from booking.core.database import session
from booking.core.errors import InvalidError, Problem
from booking.core.i18n import LOCALES
from booking.core.permissions import Actor
from booking.core.texts import checked_text
from booking.exchange import columns
from booking.exchange.columns import Values
from booking.exchange.planning import Line, Met, Outcome
from booking.exchange.rules import Row, Subject
from booking.people import accounts, invitations, organisations, rules, terms
from booking.people.accounts import Correction
from booking.people.invitations import Guest
from booking.people.models import MemberRole, Membership, Organisation, Person, PersonState

AT_ONCE = 1000  # addresses in one statement
LONGEST_KEY = 80  # of what a report calls a line


@dataclass(frozen=True)
class Known:
    """An organisation there is."""

    id: int
    public_id: str
    name: str
    is_active: bool


class OrganisationsImporter:
    """Organisations by name, or, to rename one, by id."""

    def __init__(self) -> None:
        known = list(_organisations())
        self._by_name = {one.name: one for one in known}
        self._by_id = {one.public_id: one for one in known}
        self._met = Met()
        self._new: list[str] = []
        self._renamed: list[tuple[str, str]] = []

    def plan(self, rows: list[Row]) -> list[Line]:
        """What each line would do."""
        lines = []
        for row in rows:
            key = row.cells.get("name", "")[:LONGEST_KEY]
            try:
                lines.append(Line(row.number, key, self._outcome(row)))
            except InvalidError as error:
                lines.append(Line.wrong(row.number, key, error))
        return lines

    def carry_out(self, actor: Actor) -> None:
        """Make and rename."""
        for name in self._new:
            organisations.create(actor, name)
        for public_id, name in self._renamed:
            organisations.rename(actor, public_id, name)

    def _outcome(self, row: Row) -> Outcome:
        values = columns.read(Subject.ORGANISATIONS, row)
        name = checked_text("name", values["name"], organisations.LONGEST_NAME, required=True)
        self._met.meet(name)
        if not values.get("id"):
            if name in self._by_name:
                return Outcome.UNCHANGED
            self._new.append(name)
            return Outcome.NEW
        known = self._by_id.get(values["id"])
        if known is None:
            raise InvalidError({"id": Problem.NOT_FOUND})
        if known.name == name:
            return Outcome.UNCHANGED
        if name in self._by_name:
            raise InvalidError({"name": Problem.REUSED})
        self._renamed.append((known.public_id, name))
        return Outcome.CHANGED


@dataclass(frozen=True)
class Account:
    """A person there is."""

    id: int
    public_id: str
    email: str
    name: str
    language: str
    state: PersonState


@dataclass(frozen=True)
class _Wish:
    """A line about a person, with its cells checked."""

    email: str
    name: str
    language: str
    organisation: Known | None
    role: MemberRole | None  # none: whatever it is


class PersonsImporter:
    """Persons by their address, a line for each membership; whoever is new is invited."""

    def __init__(self) -> None:
        self._organisations = {one.name: one for one in _organisations()}
        self._met = Met()
        self._guests: list[Guest] = []
        self._corrected: dict[str, tuple[str, str]] = {}
        self._roles: list[tuple[str, str, MemberRole]] = []
        self._accounts: dict[str, Account] = {}
        self._memberships: dict[tuple[int, int], MemberRole] = {}

    def plan(self, rows: list[Row]) -> list[Line]:
        """What each line would do, in a number of statements that hardly grows with theirs."""
        read = [(row, *self._read(row)) for row in rows]
        emails = sorted({wish.email for _, wish, _ in read if wish is not None})
        self._accounts = {one.email: one for one in _accounts(emails)}
        self._memberships = dict(_memberships([one.id for one in self._accounts.values()]))
        return [self._line(row, wish, error) for row, wish, error in read]

    def carry_out(self, actor: Actor) -> None:
        """Invite, correct, and change roles."""
        if self._guests:
            invitations.invite_all(actor, self._guests)
        for public_id, (name, language) in self._corrected.items():
            accounts.correct(actor, public_id, Correction(name=name, language=language))
        for organisation_id, public_id, role in self._roles:
            organisations.set_role(actor, organisation_id, public_id, role)

    def _read(self, row: Row) -> tuple[_Wish | None, InvalidError | None]:
        try:
            return self._wish(columns.read(Subject.PERSONS, row)), None
        except InvalidError as error:
            return None, error

    def _wish(self, values: Values) -> _Wish:
        email = rules.checked_email(values["email"])
        name = rules.checked_name(values["name"]) if values.get("name") else ""
        language = values.get("language") or ""
        if language and language not in LOCALES:
            raise InvalidError({"language": Problem.UNKNOWN})
        organisation = None
        if values.get("organisation"):
            organisation = self._organisations.get(values["organisation"])
            if organisation is None or not organisation.is_active:
                raise InvalidError({"organisation": Problem.NOT_FOUND})
        self._met.meet((email, organisation))
        return _Wish(email, name, language, organisation, values.get("role"))

    def _line(self, row: Row, wish: _Wish | None, error: InvalidError | None) -> Line:
        key = row.cells.get("email", "")[:LONGEST_KEY]
        if wish is None:
            return Line.wrong(row.number, key, error or InvalidError({}))
        account = self._accounts.get(wish.email)
        if account is None:
            self._invite(wish)
            return Line(row.number, key, Outcome.NEW)
        if account.state is not PersonState.ACTIVE:
            return Line(row.number, key, Outcome.ERROR, {"email": Problem.CLOSED})
        return Line(row.number, key, self._outcome(wish, account))

    def _outcome(self, wish: _Wish, account: Account) -> Outcome:
        organisation, outcome = wish.organisation, Outcome.UNCHANGED
        before = self._corrected.get(account.public_id, (account.name, account.language))
        after = (wish.name or before[0], wish.language or before[1])
        if after != before:
            self._corrected[account.public_id] = after
            outcome = Outcome.CHANGED
        if organisation is not None:
            role = self._memberships.get((account.id, organisation.id))
            if role is None:
                self._invite(wish)
                return Outcome.NEW
            if wish.role not in (None, role):
                self._roles.append((organisation.public_id, account.public_id, wish.role or role))
                outcome = Outcome.CHANGED
        return outcome

    def _invite(self, wish: _Wish) -> None:
        organisation_id = None if wish.organisation is None else wish.organisation.id
        role = wish.role or MemberRole.MEMBER
        self._guests.append(Guest(wish.email, wish.name, wish.language, organisation_id, role))


def organisation_lines() -> Iterator[Values]:
    """All organisations, as their columns say them."""
    for one in _organisations():
        yield {"name": one.name, "id": one.public_id}


def person_lines() -> Iterator[Values]:
    """Everybody with an account that is open, once for each membership of today."""
    today = terms.today()
    active = select(Organisation.id).where(Organisation.deactivated_at.is_(None))
    rows = session().execute(
        select(
            Person.email,
            Person.name,
            Person.language,
            Organisation.name.label("organisation"),
            Membership.role,
        )
        .select_from(Person)
        .outerjoin(
            Membership,
            and_(
                Membership.person_id == Person.id,
                *terms.holds_on(today),
                Membership.organisation_id.in_(active),
            ),
        )
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(Person.state == PersonState.ACTIVE)
        .order_by(Person.email, Organisation.name)
        .execution_options(yield_per=AT_ONCE)
    )
    for row in rows:
        yield {**row._asdict(), "role": row.role and row.role.value}


def _organisations() -> Iterator[Known]:
    rows = session().execute(
        select(
            Organisation.id, Organisation.public_id, Organisation.name, Organisation.deactivated_at
        ).order_by(Organisation.name)
    )
    for row in rows:
        yield Known(row.id, row.public_id, row.name, row.deactivated_at is None)


def _accounts(emails: list[str]) -> Iterator[Account]:
    for some in _portions(emails):
        rows = session().execute(
            select(
                Person.id,
                Person.public_id,
                Person.email,
                Person.name,
                Person.language,
                Person.state,
            ).where(Person.email.in_(some))
        )
        for row in rows:
            yield Account(*row)


def _memberships(person_ids: list[int]) -> Iterator[tuple[tuple[int, int], MemberRole]]:
    today = terms.today()
    for some in _portions(person_ids):
        rows = session().execute(
            select(Membership.person_id, Membership.organisation_id, Membership.role).where(
                Membership.person_id.in_(some), *terms.holds_on(today)
            )
        )
        for person_id, organisation_id, role in rows:
            yield (person_id, organisation_id), role


def _portions(values: list[Any]) -> Iterable[list[Any]]:  # Any: addresses or keys
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
