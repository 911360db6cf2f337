"""A pasted list of addresses, read line by line before anybody is invited.

A line is `somebody@example.org` or `Name <somebody@example.org>`. Whether an address has an account
is not told: only what a manager knows anyway, who is in the organisation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, require
from booking.people import invitations, members, rules
from booking.people.invitations import Guest, Invited
from booking.people.members import KnownOrganisation
from booking.people.models import MemberRole, Person

MOST = 200  # addresses in one list
LONGEST_LINE = 400
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]+)>[,;]?")


class Standing(StrEnum):
    """What a line is."""

    NEW = "new"
    WAITS = "waits"  # invited to this organisation before, and has not come yet
    MEMBER = "member"
    TWICE = "twice"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Line:
    """One line of the list, as typed and as read."""

    number: int
    text: str
    standing: Standing
    email: str = ""
    name: str = ""

    @property
    def is_sent(self) -> bool:
        """Whether a mail goes there."""
        return self.standing in (Standing.NEW, Standing.WAITS)


def read(organisation: KnownOrganisation, text: str) -> list[Line]:
    """Every line that is not empty. Raises InvalidError for the field `addresses` when there is
    none, or more than `MOST`."""
    typed = [
        (number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    if not typed:
        raise InvalidError({"addresses": Problem.MISSING})
    if len(typed) > MOST:
        raise InvalidError({"addresses": Problem.TOO_LONG})
    parsed = [(number, line, *_parsed(line)) for number, line in typed]
    inside = _members(organisation, [email for _number, _line, email, _name in parsed if email])
    lines, met = [], set[str]()
    for number, line, email, name in parsed:
        lines.append(Line(number, _shown(line), _standing(email, inside, met), email, name))
        met.add(email)
    return lines


@transactional
def invite(
    actor: Actor,
    organisation: KnownOrganisation,
    lines: Sequence[Line],
    *,
    role: MemberRole,
    language: str,
) -> list[Invited]:
    """Invite everybody whose line can be read and who is not inside. Nobody comes to an
    organisation that is deactivated."""
    require(actor, Action.MANAGE_ORGANISATION, organisation)
    now = members.organisation_by_id(organisation.organisation_id)
    if now is None or not now.is_active:
        raise NotFoundError
    guests = [
        Guest(line.email, line.name, language, organisation.organisation_id, role)
        for line in lines
        if line.is_sent
    ]
    return invitations.invite_all(actor, guests) if guests else []


def _parsed(line: str) -> tuple[str, str]:
    """Address and name; no address where it cannot be read."""
    named = _NAMED.fullmatch(line)
    email = (named["email"] if named else line.rstrip(",;")).strip().removeprefix("mailto:")
    name = named["name"].strip().strip("\"'").strip() if named else ""
    try:
        return rules.checked_email(email), rules.checked_name(name) if name else ""
    except InvalidError:
        return "", ""


def _shown(line: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in line[:LONGEST_LINE])


def _standing(email: str, inside: dict[str, bool], met: set[str]) -> Standing:
    if not email:
        return Standing.UNREADABLE
    if email in met:
        return Standing.TWICE
    if email not in inside:
        return Standing.NEW
    return Standing.MEMBER if inside[email] else Standing.WAITS


def _members(organisation: KnownOrganisation, emails: Sequence[str]) -> dict[str, bool]:
    """Which of these are inside, and whether they have come."""
    if not emails:
        return {}
    rows = session().execute(
        select(Person.email, Person.password_hash.is_not(None)).where(
            Person.email.in_(emails),
            Person.id.in_(members.inside(organisation.organisation_id)),
        )
    )
    return {email: bool(has_password) for email, has_password in rows}
