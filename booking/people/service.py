"""What happens to an account: signing in and out, its password, its language, its making."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert, select

from booking.core import clock, ids
from booking.core.database import session, transaction, transactional
from booking.core.errors import BookingError, InvalidError, Problem
from booking.core.i18n import LOCALES
from booking.core.permissions import Action, Actor, Given, require
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.messages import service as planner
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.people import limits, passwords, queries, rules, sessions
from booking.people.models import Grant, Person, PersonState
from booking.people.sessions import Begun

UNKNOWN = "unknown"  # the subject of a failed sign-in when nobody has that address


class WrongPasswordError(BookingError):
    """No such account, not its password, or an account that is closed: all look the same."""

    code = "wrong_password"


@dataclass(frozen=True)
class Newcomer:
    """A person about to get an account."""

    email: str
    name: str
    language: str
    grants: tuple[Given, ...] = ()
    is_demo: bool = False
    password_hash: str | None = None


def sign_in(
    email: str,
    password: str,
    *,
    device: str,
    address: str = "",
    old_secret: str = "",
    admits_demo: bool = True,
) -> Begun:
    """Begin a session; raises WrongPasswordError, or TooManyError before anything is compared.

    One hash is computed whether or not the account exists, and outside of the transaction: other
    writers must not wait for it. `address` is where the client sits; `old_secret` is the browser's
    session so far, which ends.
    """
    limits.count_sign_in(queries.normal_email(email), address)
    person = queries.person_by_email(email)
    stored = person.password_hash if person and may_enter(person, admits_demo) else None
    if not passwords.verify(stored, password) or person is None or stored is None:
        _note_failure(person)
        raise WrongPasswordError
    renewed = passwords.hash_password(password) if passwords.is_outdated(stored) else stored
    with transaction():
        begun = _enter(person.id, stored, renewed, device, old_secret)
        limits.right_password(person.email, address)
    return begun


def as_actor(person: Person) -> Actor:
    """The person acting on their own account, when no request has loaded them with their rights."""
    return Actor(person.id, person.public_id, person.name, person.email, person.language)


def may_enter(person: Person, admits_demo: bool) -> bool:
    """Whether the account is open at all; in production the demo's are not."""
    return person.state == PersonState.ACTIVE and (admits_demo or not person.is_demo)


@transactional
def sign_out(secret: str) -> None:
    """End the session of this cookie: a copy of it is worth nothing from now on."""
    person_id = sessions.end_by_secret(secret)
    if person_id is not None:
        _write(queries.person_by_id(person_id), "signed_out")


def change_password(
    actor: Actor, *, current: str, new: str, device: str, own_words: Iterable[str]
) -> Begun:
    """Replace the password; every session ends, and a new one begins for this browser.

    Raises InvalidError for the fields `current` and `password`. Tokens and calendar addresses
    stay: they are secrets of their own.
    """
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    person = queries.person_by_id(actor.person_id)
    stored = person.password_hash
    if not passwords.verify(stored, current):
        raise InvalidError({"current": Problem.WRONG})
    refuse_weak(new, person, own_words)
    return _replace_password(actor.person_id, stored, passwords.hash_password(new), device)


def refuse_weak(password: str, person: Person, own_words: Iterable[str]) -> None:
    """Raise InvalidError when the password is too short or too easy to guess."""
    problem = passwords.problem_with(password, (person.name, person.email, *own_words))
    if problem is not None:
        raise InvalidError({"password": problem})


@transactional
def change_language(actor: Actor, language: str) -> None:
    """Store the language in which the person reads pages and mails."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    person = queries.person_by_id(actor.person_id)
    if person.language == language:
        return
    before, person.language = person.language, language
    _write(person, "language_changed", {"language": before}, {"language": language})


def create_person(newcomer: Newcomer) -> Person:
    """Make the account, without a password; part of the caller's transaction.

    Raises InvalidError when the address is taken.
    """
    email = queries.normal_email(newcomer.email)
    if queries.person_by_email(email) is not None:
        raise InvalidError({"email": Problem.REUSED})
    person = Person(
        public_id=ids.new_public_id(),
        email=email,
        name=newcomer.name,
        language=newcomer.language,
        state=PersonState.ACTIVE,
        is_demo=newcomer.is_demo,
        password_hash=newcomer.password_hash,
        created_at=clock.now(),
    )
    session().add(person)
    session().flush()
    journal.write(None, "person_created", subject_kind="person", subject_id=person.public_id)
    for given in newcomer.grants:
        give(person, given)
    return person


def give(person: Person, given: Given) -> None:
    """Give a role; part of the caller's transaction."""
    place = {
        "resource_id": given.resource_id,
        "area_id": given.area_id,
        "building_id": given.building_id,
    }
    session().execute(insert(Grant).values(person_id=person.id, role=given.role, **place))
    journal.write(
        None,
        "grant_given",
        subject_kind="person",
        subject_id=person.public_id,
        after={"role": given.role.value, **place},
    )


def correct(person: Person, *, name: str, language: str) -> None:
    """Another name or language of one's own; part of the caller's transaction.

    Raises InvalidError for the fields `name` and `language`.
    """
    if language not in LOCALES:
        raise InvalidError({"language": Problem.UNKNOWN})
    before: JsonFacts = {"name": person.name, "language": person.language}
    person.name, person.language = rules.checked_name(name), language
    after: JsonFacts = {"name": person.name, "language": language}
    if before != after:
        _write(person, "profile_corrected", before, after)


def begin_with_password(person: Person, password_hash: str, device: str) -> Begun:
    """Store a password, end every session, begin one; part of the caller's transaction.

    Its person is told, unless it is the first: somebody else may have done it.
    """
    is_first, person.password_hash = person.password_hash is None, password_hash
    ended = sessions.end_all(person.id)
    _write(person, "password_changed", after={"sessions_ended": ended})
    begun = _begin(person, device)
    if not is_first:
        _tell(MessageKind.PASSWORD_CHANGED, person, begun)
    return begun


@transactional
def _enter(person_id: int, stored: str, renewed: str, device: str, old_secret: str) -> Begun:
    """Begin the session, unless the password changed while it was being compared."""
    person = _locked(person_id)
    if person.password_hash != stored or person.state != PersonState.ACTIVE:
        raise WrongPasswordError
    person.password_hash = renewed
    if old_secret:
        sessions.end_by_secret(old_secret)
    is_known = sessions.knows_device(person.id, device)
    begun = _begin(person, device)
    if not is_known:
        _tell(MessageKind.NEW_SIGN_IN, person, begun)
    return begun


@transactional
def _replace_password(person_id: int, stored: str | None, new_hash: str, device: str) -> Begun:
    person = _locked(person_id)
    if person.password_hash != stored:
        raise InvalidError({"current": Problem.WRONG})
    return begin_with_password(person, new_hash, device)


@transactional
def _note_failure(person: Person | None) -> None:
    """Journal it. What was typed is not kept: it may be a password in the wrong field."""
    journal.write(
        None,
        "sign_in_failed",
        subject_kind="person",
        subject_id=person.public_id if person else UNKNOWN,
    )


def _begin(person: Person, device: str) -> Begun:
    begun = sessions.begin(person.id, device)
    _write(person, "signed_in", after={"session": begun.session_id})
    return begun


def _tell(kind: MessageKind, person: Person, begun: Begun) -> None:
    planner.plan([Key(kind, person.public_id, begun.session_id, person.id, clock.now())])


def _write(
    person: Person, act: str, before: JsonFacts | None = None, after: JsonFacts | None = None
) -> None:
    """A journal line about one's own account."""
    journal.write(
        as_actor(person),
        act,
        subject_kind="person",
        subject_id=person.public_id,
        before=before,
        after=after,
    )


def _locked(person_id: int) -> Person:
    statement = select(Person).where(Person.id == person_id).with_for_update()
    return session().execute(statement.execution_options(populate_existing=True)).scalar_one()
