"""A new password for whoever has forgotten theirs.

A page that looked for the account would tell strangers, by its words or by its time, who has one.
So the page only writes down what was asked; the worker looks, and the mailbox gets the answer.
"""

from __future__ import annotations

from sqlalchemy import insert, select

from booking.core import clock, web
from booking.core.database import session, transactional
from booking.core.permissions import Actor
from booking.journal import service as journal
from booking.messages import service as planner
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.people import limits, links, queries, rules, service
from booking.people.models import PasswordRequest, Person, TokenKind


def ask(email: str, *, address: str) -> None:
    """Ask for a link by which this address gets a new password.

    Raises InvalidError for the field `email` when it can be no address, and TooManyError; the same
    for an address with an account and for one without.
    """
    wanted = rules.checked_email(email)
    limits.count_reset(wanted, address)
    _keep(wanted)


@transactional
def answer_next() -> bool:
    """Answer the oldest request, by a mail or by nothing; False when there is none. Any number of
    workers may call."""
    request = session().scalar(
        select(PasswordRequest)
        .order_by(PasswordRequest.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if request is None:
        return False
    person = queries.person_by_email(request.email)
    if person is not None and service.may_enter(person, not web.settings().production):
        send_link(None, person)
    session().delete(request)
    return True


def send_link(actor: Actor | None, person: Person) -> None:
    """A mail with a link to choose a password; who has never had one was invited, and is invited
    again. Part of the caller's transaction."""
    is_new = person.password_hash is None
    kind = TokenKind.INVITATION if is_new else TokenKind.RESET
    link_id = links.make_links([person.id], kind)[person.id]
    journal.write(
        actor,
        "link_asked" if actor is None else "link_sent",
        subject_kind="person",
        subject_id=person.public_id,
    )
    message = MessageKind.INVITATION if is_new else MessageKind.PASSWORD_RESET
    planner.plan([Key(message, link_id, 0, person.id, clock.now())])


@transactional
def _keep(email: str) -> None:
    session().execute(insert(PasswordRequest).values(email=email, created_at=clock.now()))
