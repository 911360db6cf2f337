"""Inviting people: an account without a password, and a mail with the link to choose one.

Who has an account already is not asked to make another one: they join the organisation at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import Executable, select, update
from sqlalchemy.dialects import postgresql, sqlite

from booking.core import clock, ids, web
from booking.core.database import engine_name, execute, session, transactional
from booking.core.errors import InvalidError, Problem
from booking.core.i18n import LOCALES
from booking.core.permissions import Action, Actor, Role, require
from booking.journal import service as journal
from booking.messages import service as planner
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.people import limits, links, members, organisations, rules, terms
from booking.people.models import (
    MemberRole,
    Membership,
    Person,
    PersonState,
    TokenKind,
)

MOST_AT_ONCE = 500  # addresses in one statement

Pair = tuple[int, int | None]  # a person and an organisation


@dataclass(frozen=True)
class Guest:
    """Somebody to invite; without a name what stands before the @ is one, until they correct it."""

    email: str
    name: str = ""
    language: str = ""
    organisation_id: int | None = None
    role: MemberRole = MemberRole.MEMBER


class Outcome(StrEnum):
    """What became of an invitation."""

    INVITED = "invited"  # a mail with a link is on its way, the first or another one
    JOINED = "joined"  # has an account and a password, and is now in the organisation
    UNCHANGED = "unchanged"  # has an account, and is in the organisation already
    CLOSED = "closed"  # the account was deactivated: only an operator can open it again


@dataclass(frozen=True)
class Invited:
    """A guest as a person; `is_new` where the account was made by this.

    Whoever is no operator must not be told whether an address had an account: to them every
    outcome reads the same.
    """

    person_id: int
    public_id: str
    email: str
    outcome: Outcome
    is_new: bool


@dataclass(frozen=True)
class _Known:
    id: int
    public_id: str
    state: PersonState
    has_password: bool
    is_new: bool = False


@dataclass(frozen=True)
class _Running:
    """A membership that holds today, and whether its end is set."""

    id: int
    role: MemberRole
    ends: bool


def invite(
    actor: Actor,
    email: str,
    name: str = "",
    language: str = "",
    organisation_id: int | None = None,
    role: MemberRole = MemberRole.MEMBER,
) -> Invited:
    """Invite one person, with a membership from today on where an organisation is named.

    Raises InvalidError for the fields `email`, `name` and `language`. Inviting again somebody who
    has not come yet sends another mail; the link in the first one ends.
    """
    return invite_all(actor, [Guest(email, name, language, organisation_id, role)])[0]


@transactional
def invite_all(actor: Actor, guests: Sequence[Guest]) -> list[Invited]:
    """Invite many, in their order, in a number of statements that hardly grows with theirs.

    An address that stands there twice is one person; the first name and language count. Who is no
    operator invites so many a day: TooManyError.
    """
    for guest in {one.organisation_id: one for one in guests}.values():
        require(actor, Action.INVITE, guest)
    checked = [_checked(guest) for guest in guests]
    by_email = _persons(actor, checked)
    joined = _join(actor, checked, by_email)
    newcomers = {
        person.id: person.public_id
        for person in by_email.values()
        if person.state is PersonState.ACTIVE and not person.has_password
    }
    if not actor.has(Role.OPERATOR):
        limits.count_invitations(actor.person_id, len(checked))
    _send_links(actor, newcomers)
    return [_invited(guest, by_email[guest.email], joined) for guest in checked]


def _checked(guest: Guest) -> Guest:
    email = rules.checked_email(guest.email)
    language = guest.language or web.settings().default_language
    if language not in LOCALES:
        raise InvalidError({"language": Problem.UNKNOWN})
    name = rules.checked_name(guest.name if guest.name.strip() else email.partition("@")[0])
    return Guest(email, name, language, guest.organisation_id, guest.role)


def _invited(guest: Guest, person: _Known, joined: Collection[Pair]) -> Invited:
    if person.state is not PersonState.ACTIVE:
        outcome = Outcome.CLOSED
    elif not person.has_password:
        outcome = Outcome.INVITED
    elif (person.id, guest.organisation_id) in joined:
        outcome = Outcome.JOINED
    else:
        outcome = Outcome.UNCHANGED
    return Invited(person.id, person.public_id, guest.email, outcome, person.is_new)


# --- persons ---


def _persons(actor: Actor, guests: Sequence[Guest]) -> dict[str, _Known]:
    """The persons of these addresses; whoever has no account gets one."""
    first = {guest.email: guest for guest in reversed(guests)}
    known = _known(list(first))
    new = [first[email] for email in sorted(first) if email not in known]
    made = _make_persons(new)
    if len(made) < len(new):  # somebody else invited them at the same moment
        known |= _known([guest.email for guest in new if guest.email not in made])
    journal.write_each(
        actor,
        "person_created",
        subject_kind="person",
        afters=[(person.public_id, None) for person in made.values()],
    )
    return known | made


def _known(emails: Sequence[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for some in _portions(emails):
        rows = session().execute(
            select(
                Person.email,
                Person.id,
                Person.public_id,
                Person.state,
                Person.password_hash.is_not(None).label("has_password"),
            ).where(Person.email.in_(some))
        )
        found |= {
            row.email: _Known(row.id, row.public_id, row.state, bool(row.has_password))
            for row in rows
        }
    return found


def _make_persons(guests: Sequence[Guest]) -> dict[str, _Known]:
    """Those of them that nobody else has made meanwhile."""
    if not guests:
        return {}
    rows = [
        {
            "public_id": ids.new_public_id(),
            "email": guest.email,
            "name": guest.name,
            "language": guest.language,
            "state": PersonState.ACTIVE,
            "created_at": clock.now(),
        }
        for guest in guests
    ]
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    statement = dialect.insert(Person.__table__).on_conflict_do_nothing(index_elements=["email"])
    made = execute(statement.returning(Person.email, Person.id, Person.public_id), rows)
    return {
        row.email: _Known(row.id, row.public_id, PersonState.ACTIVE, False, is_new=True)
        for row in made
    }


# --- memberships ---


def _join(actor: Actor, guests: Sequence[Guest], by_email: dict[str, _Known]) -> set[Pair]:
    """Make members of those who are not; which person now belongs to which organisation."""
    wanted: dict[Pair, Guest] = {
        (by_email[guest.email].id, guest.organisation_id): guest
        for guest in guests
        if guest.organisation_id is not None and by_email[guest.email].state is PersonState.ACTIVE
    }
    today = terms.today()
    running = _running(wanted.keys(), today)
    ending = {
        pair: replace(one, role=_role_after(pair, running[pair], one.role))
        for pair, one in wanted.items()
        if pair in running and running[pair].ends
    }
    _go_on({running[pair].id: guest.role for pair, guest in ending.items()})
    new = {pair: guest for pair, guest in wanted.items() if pair not in running}
    if new:
        execute(_open_membership(), [_membership(pair, new[pair], today) for pair in new])
    joined = {**new, **ending}
    _note_joined(actor, joined, {person.id: person for person in by_email.values()}, today)
    return set(joined)


def _go_on(roles: Mapping[int, MemberRole]) -> None:
    """Invited again before the end: these memberships go on, each in its role."""
    for role in MemberRole:
        ids = [row_id for row_id, wanted in roles.items() if wanted is role]
        if ids:
            session().execute(
                update(Membership).where(Membership.id.in_(ids)).values(valid_until=None, role=role)
            )


def _role_after(pair: Pair, running: _Running, wanted: MemberRole) -> MemberRole:
    """The role that the invitation names; whoever alone looks after the organisation goes on so."""
    person_id, organisation_id = pair
    if running.role is wanted or wanted is MemberRole.MANAGER or organisation_id is None:
        return wanted
    organisations.lock(organisation_id)
    is_last = not members.lasting_managers(organisation_id, person_id)
    return running.role if is_last else wanted


def _note_joined(
    actor: Actor, joined: dict[Pair, Guest], by_id: dict[int, _Known], today: date
) -> None:
    """Journal it, and tell those who can sign in already; the others get their link."""
    journal.write_each(
        actor,
        "member_added",
        subject_kind="person",
        afters=[
            (
                by_id[person_id].public_id,
                {"organisation_id": organisation_id, "role": guest.role.value},
            )
            for (person_id, organisation_id), guest in joined.items()
        ],
    )
    told = [pair for pair in joined if by_id[pair[0]].has_password]
    planner.plan(
        [
            Key(MessageKind.JOINED, by_id[pair[0]].public_id, one.id, pair[0], clock.now())
            for pair, one in _running(told, today).items()
        ]
    )


def _running(pairs: Iterable[Pair], today: date) -> dict[Pair, _Running]:
    """The memberships of these that hold today."""
    wanted = set(pairs)
    found: dict[Pair, _Running] = {}
    for some in _portions(sorted({person_id for person_id, _ in wanted})):
        rows = session().execute(
            select(
                Membership.id,
                Membership.person_id,
                Membership.organisation_id,
                Membership.role,
                Membership.valid_until,
            ).where(
                Membership.person_id.in_(some),
                *terms.holds_on(today),
            )
        )
        for row in rows:
            if (row.person_id, row.organisation_id) in wanted:
                ends = row.valid_until is not None
                found[row.person_id, row.organisation_id] = _Running(row.id, row.role, ends)
    return found


def _open_membership() -> Executable:
    """One that began and ended today begins again."""
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    statement = dialect.insert(Membership.__table__)
    opened: Executable = statement.on_conflict_do_update(
        index_elements=["person_id", "organisation_id", "valid_from"],
        set_={"role": statement.excluded.role, "valid_until": None},
    )
    return opened


def _membership(pair: Pair, guest: Guest, today: date) -> dict[str, int | MemberRole | date | None]:
    return {
        "person_id": pair[0],
        "organisation_id": pair[1],
        "role": guest.role,
        "valid_from": today,
        "valid_until": None,
    }


# --- links ---


def _send_links(actor: Actor, newcomers: dict[int, str]) -> None:
    made = links.make_links(newcomers, TokenKind.INVITATION)
    journal.write_each(
        actor,
        "invited",
        subject_kind="person",
        afters=[(public_id, None) for public_id in newcomers.values()],
    )
    planner.plan(
        [
            Key(MessageKind.INVITATION, link_id, 0, person_id, clock.now())
            for person_id, link_id in made.items()
        ]
    )


def _portions(values: Sequence[str] | Sequence[int]) -> Iterator[Sequence[str] | Sequence[int]]:
    for start in range(0, len(values), MOST_AT_ONCE):
        yield values[start : start + MOST_AT_ONCE]
