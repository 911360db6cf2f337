"""Sessions of browsers: begun at sign-in, listed for their person, ended for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import NotFoundError
from booking.core.permissions import Action, Actor, require
from booking.journal import service as journal
from booking.people.models import BrowserSession

LONGEST = timedelta(days=30)  # then one signs in again


@dataclass(frozen=True)
class Begun:
    """A new session; the secret goes into the cookie and is kept nowhere else."""

    session_id: int
    secret: str


@dataclass(frozen=True)
class Seen:
    """A session as its person sees it."""

    id: int
    device: str
    created_at: datetime
    last_seen_at: datetime
    is_this_one: bool


def begin(person_id: int, device: str) -> Begun:
    """Open a session with a new secret; part of the caller's transaction."""
    secret, now = ids.new_secret(), clock.now()
    statement = insert(BrowserSession).values(
        digest=ids.digest(secret),
        person_id=person_id,
        created_at=now,
        last_seen_at=now,
        device=device,
    )
    session_id = session().execute(statement.returning(BrowserSession.id)).scalar_one()
    return Begun(session_id, secret)


def knows_device(person_id: int, device: str) -> bool:
    """Whether the person has signed in with such a browser before; so it is, too, when they have
    never signed in at all, for then there is nothing to compare with."""
    devices = session().scalars(
        select(BrowserSession.device).where(BrowserSession.person_id == person_id).distinct()
    )
    known = set(devices)
    return not known or device in known


def end_by_secret(secret: str) -> int | None:
    """End the session of a cookie, if it still runs; its person's id. For the caller's
    transaction."""
    statement = (
        update(BrowserSession)
        .where(BrowserSession.digest == ids.digest(secret), BrowserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(BrowserSession.person_id)
    )
    return session().execute(statement).scalar_one_or_none()


def end_all(person_id: int, *, but: int | None = None) -> int:
    """End the person's sessions, all or all but one; how many. For the caller's transaction."""
    statement = (
        update(BrowserSession)
        .where(
            BrowserSession.person_id == person_id,
            BrowserSession.ended_at.is_(None),
            BrowserSession.id != (but or 0),
        )
        .values(ended_at=clock.now())
        .returning(BrowserSession.id)
    )
    return len(session().execute(statement).all())


@transactional
def end_one(actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions; those of others do not exist for them."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    statement = (
        update(BrowserSession)
        .where(
            BrowserSession.id == session_id,
            BrowserSession.person_id == actor.person_id,
            BrowserSession.ended_at.is_(None),
        )
        .values(ended_at=clock.now())
        .returning(BrowserSession.id)
    )
    if session().execute(statement).scalar_one_or_none() is None:
        raise NotFoundError
    journal.write(actor, "session_ended", subject_kind="session", subject_id=str(session_id))


@transactional
def end_others(actor: Actor, this_one: int | None) -> int:
    """End every session of the actor but this one; how many."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    count = end_all(actor.person_id, but=this_one)
    if count:
        journal.write(
            actor,
            "session_ended",
            subject_kind="person",
            subject_id=actor.public_id,
            after={"sessions": count},
        )
    return count


def running(actor: Actor, this_one: int | None) -> list[Seen]:
    """The actor's sessions that are still good, this one first, then the last seen."""
    rows = session().execute(
        select(
            BrowserSession.id,
            BrowserSession.device,
            BrowserSession.created_at,
            BrowserSession.last_seen_at,
        )
        .where(
            BrowserSession.person_id == actor.person_id,
            BrowserSession.ended_at.is_(None),
            BrowserSession.created_at > clock.now() - LONGEST,
        )
        .order_by(BrowserSession.last_seen_at.desc(), BrowserSession.id.desc())
    )
    found = [Seen(*row, is_this_one=row.id == this_one) for row in rows]
    return sorted(found, key=lambda seen: not seen.is_this_one)
