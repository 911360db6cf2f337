"""How often somebody may try something: counted in the database, for all processes together.

A window begins with the first try and is over after its length, however often it was tried
meanwhile: whoever keeps trying in another's name holds them off for as long as they keep at it, and
not a second longer.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, case, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.database import Instant, Model, engine_name, execute, session, transactional
from booking.core.errors import TooManyError

LONGEST = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """So many tries in a window; 0 is no limit at all."""

    name: str
    most: int
    window: timedelta


class Tries(Model):
    """The tries of one window; who tried is stored as a digest: an address typed wrongly, or a
    password in its place, is nobody's business."""

    __tablename__ = "rate_limit"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Instant, index=True)
    count: Mapped[int]


_tries = Tries.__table__


def take(limit: Limit, who: str, count: int = 1) -> None:
    """Count so many tries, all or none; raises TooManyError with the seconds until the window is
    over.

    One statement decides: of twenty that come at once, in any processes, no more pass than may.
    """
    if limit.most and count:
        _take(limit, who, count)


@transactional
def _take(limit: Limit, who: str, count: int) -> None:
    now = clock.now()
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    statement = dialect.insert(_tries).values(
        name=limit.name, who=_digest(limit, who), began_at=now, count=count
    )
    # A window that begins in the future was written by a clock that was wrong.
    is_over = or_(_tries.c.began_at <= now - limit.window, _tries.c.began_at > now)
    began_at, tried = execute(
        statement.on_conflict_do_update(
            index_elements=["name", "who"],
            set_={
                "began_at": case((is_over, statement.excluded.began_at), else_=_tries.c.began_at),
                "count": case((is_over, count), else_=_tries.c.count + count),
            },
        ).returning(_tries.c.began_at, _tries.c.count)
    ).one()
    if tried > limit.most:
        wait: timedelta = began_at + limit.window - now
        raise TooManyError(max(1, int(wait.total_seconds())))


@transactional
def give_back(limit: Limit, who: str) -> None:
    """A try that was none, for instance a sign-in with the right password."""
    session().execute(
        update(_tries)
        .where(_tries.c.name == limit.name, _tries.c.who == _digest(limit, who), _tries.c.count > 0)
        .values(count=_tries.c.count - 1)
    )


@transactional
def forget(limit: Limit, who: str) -> None:
    """Begin anew: whoever it was has shown who they are."""
    session().execute(
        delete(_tries).where(_tries.c.name == limit.name, _tries.c.who == _digest(limit, who))
    )


def forget_old_tries() -> None:
    """Delete the windows that are over; called by the tick in its transaction."""
    session().execute(delete(Tries).where(Tries.began_at < clock.now() - LONGEST))


def network_of(address: str | None) -> str:
    """A client's address as it is counted: one subscriber has a whole /64 of IPv6."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _digest(limit: Limit, who: str) -> str:
    return hashlib.sha256(f"{limit.name}\0{who}".encode(errors="surrogatepass")).hexdigest()
