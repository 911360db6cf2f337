"""The people of the demo park: staff, companies, their members, a few who work alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.permissions import Role
from booking.demo.chance import public_id, stream
from booking.demo.ledger import Holder
from booking.demo.places import LAB_AREAS, TRAINING_AREAS
from booking.demo.rows import Row
from booking.demo.words import (
    ATLAS_ROBOTICS,
    COMPANIES,
    FAMILIES,
    IN_ARABIC,
    MEN,
    WOMEN,
)
from booking.people.demo_accounts import DEMO_ACCOUNTS
from booking.people.models import MemberRole, PersonState

PERSONS = 400
ALONE = 12  # persons without a company
NEWCOMERS = 2  # members who have booked nothing yet
STAFF_DOMAIN = "techvalley.example"
MEMBER, MANAGER = "salma@atlas-robotics.example", "youssef@atlas-robotics.example"
LAB_MANAGER, RECEPTION = f"nadia@{STAFF_DOMAIN}", f"hamza@{STAFF_DOMAIN}"
OPERATOR, AUDITOR = f"amine@{STAFF_DOMAIN}", f"leila@{STAFF_DOMAIN}"
FABRICATION, BIOLOGY, TRAINING = (
    f"{name}@{STAFF_DOMAIN}" for name in ("khadija", "brahim", "ilham")
)

# Further staff than the accounts one may sign in with from the first page.
STAFF: tuple[tuple[str, str], ...] = (
    (FABRICATION, "Khadija El Fanar"),
    (BIOLOGY, "Brahim Zemmouri"),
    (TRAINING, "Ilham Bensafran"),
    (f"rim@{STAFF_DOMAIN}", "Rim Laouina"),
    (f"driss@{STAFF_DOMAIN}", "Driss El Warraq"),
)
GRANTS: tuple[tuple[str, Role, str], ...] = (
    (LAB_MANAGER, Role.LAB_MANAGER, "R1-ELEC"),
    (LAB_MANAGER, Role.LAB_MANAGER, "R3-DATA"),
    (FABRICATION, Role.LAB_MANAGER, "R0-FAB"),
    (BIOLOGY, Role.LAB_MANAGER, "R2-BIO"),
    *((TRAINING, Role.LAB_MANAGER, code) for code in TRAINING_AREAS),
    (RECEPTION, Role.RECEPTION, "ATLAS"),
    (f"rim@{STAFF_DOMAIN}", Role.RECEPTION, "RIF"),
    (f"driss@{STAFF_DOMAIN}", Role.RECEPTION, "SAISS"),
    (OPERATOR, Role.OPERATOR, ""),
    (AUDITOR, Role.AUDITOR, ""),
)
MANAGER_OF: dict[str, str] = {
    code: email for email, role, code in GRANTS if role is Role.LAB_MANAGER
}
assert set(MANAGER_OF) == {*LAB_AREAS, *TRAINING_AREAS}

_LANGUAGES = ("fr", "fr", "fr", "ar", "en")


@dataclass(frozen=True)
class People:
    """Everybody's rows, and who may hold what."""

    organisations: list[Row]
    persons: list[Row]
    memberships: list[Row]
    grants: list[tuple[int, Role, str]]
    id_of: dict[str, int]
    holders: tuple[Holder, ...]  # who books in these months
    newcomers: tuple[Holder, ...]
    members: frozenset[int]  # persons in an organisation

    def holder(self, email: str) -> Holder:
        """Somebody by address, with the organisation they book for."""
        person_id = self.id_of[email]
        found = (
            row["organisation_id"] for row in self.memberships if row["person_id"] == person_id
        )
        organisation_id = next(found, None)
        return Holder(person_id, organisation_id if isinstance(organisation_id, int) else None)

    def public_id_of(self, person_id: int) -> str:
        """How a person is named outside."""
        return next(str(row["public_id"]) for row in self.persons if row["id"] == person_id)


def everybody(today: date, zone: ZoneInfo, password_hash: str) -> People:
    """All of them, made from the seed; joined so many days before today."""
    cast = _Cast(today, zone, password_hash)
    cast.engage_staff()
    cast.found_companies()
    cast.welcome_the_others()
    return cast.people()


class _Cast:
    """The rows while they are being made."""

    def __init__(self, today: date, zone: ZoneInfo, password_hash: str) -> None:
        self._chance = stream("people")
        self._ids = stream("people-ids")
        self._today = today
        self._zone = zone
        self._password_hash = password_hash
        self._names = _names(self._chance)
        self._emails: set[str] = set()
        self.organisations: list[Row] = []
        self.persons: list[Row] = []
        self.memberships: list[Row] = []

    def engage_staff(self) -> None:
        """Those who work for the park."""
        staff = [(account.email, account.name) for account in DEMO_ACCOUNTS]
        for email, name in (*staff, *STAFF):
            if email.endswith(STAFF_DOMAIN):
                self._add(name, email, "fr", days_ago=400)

    def found_companies(self) -> None:
        """The companies; the first has the member and the manager one signs in as."""
        for number, name in enumerate(COMPANIES, 1):
            days_ago = self._chance.randint(120, 390)
            at = self._morning(days_ago)
            self.organisations.append(
                {
                    "id": number,
                    "public_id": public_id(self._ids, at),
                    "name": name,
                    "created_at": at,
                }
            )
        atlas = COMPANIES.index(ATLAS_ROBOTICS) + 1
        for account in DEMO_ACCOUNTS:
            if not account.email.endswith(STAFF_DOMAIN):
                person_id = self._add(account.name, account.email, "fr", days_ago=110)
                manages = account.email == MANAGER
                self._join(person_id, atlas, 110, manages)

    def welcome_the_others(self) -> None:
        """Members of every company, unevenly, and some who work alone; newcomers are last."""
        while len(self.persons) < PERSONS - ALONE - NEWCOMERS:
            # Every company gets its manager first, then chance fills them.
            members = len(self.memberships) - 2
            first = members < len(COMPANIES)
            chosen = int(len(COMPANIES) * self._chance.random() ** 1.4)
            company = (members if first else chosen) + 1
            days_ago = self._chance.randint(60, 119)
            person_id = self._add_somebody(_domain(COMPANIES[company - 1]), days_ago)
            self._join(person_id, company, days_ago, manages=first and company != 1)
        for _ in range(ALONE):
            self._add_somebody("independant.example", self._chance.randint(60, 119))
        for company in range(2, 2 + NEWCOMERS):
            person_id = self._add_somebody(_domain(COMPANIES[company - 1]), days_ago=2)
            self._join(person_id, company, 2, manages=False)
        self._let_somebody_leave()
        self._let_some_change()

    def people(self) -> People:
        """What was made."""
        id_of = {str(row["email"]): _id(row) for row in self.persons}
        current = [row for row in self.memberships if self._holds(row["valid_until"])]
        holders = [Holder(_number(row["person_id"]), _number(row["organisation_id"]))
                   for row in current]  # fmt: skip
        members = frozenset(holder.person_id for holder in holders)
        staff = {id_of[email] for email in id_of if email.endswith(STAFF_DOMAIN)}
        alone = [Holder(_id(row)) for row in self.persons if _id(row) not in members | staff]
        return People(
            self.organisations,
            self.persons,
            self.memberships,
            [(id_of[email], role, code) for email, role, code in GRANTS],
            id_of,
            (*holders[:-NEWCOMERS], *alone),
            tuple(holders[-NEWCOMERS:]),
            members,
        )

    def _holds(self, until: object) -> bool:
        return not isinstance(until, date) or until >= self._today

    def _let_somebody_leave(self) -> None:
        """One of Youssef's colleagues has a last day, and reservations until then and beyond."""
        atlas = COMPANIES.index(ATLAS_ROBOTICS) + 1
        known = {account.email for account in DEMO_ACCOUNTS}
        colleagues = (
            row
            for row in self.memberships
            if row["organisation_id"] == atlas
            and self.persons[_number(row["person_id"]) - 1]["email"] not in known
        )
        next(colleagues)["valid_until"] = self._today + timedelta(days=12)

    def _let_some_change(self) -> None:
        """One is in two companies (asked for which, when booking), one came from another."""
        second, moved = self.memberships[60], self.memberships[61]
        for row, until in ((second, None), (moved, self._today - timedelta(days=70))):
            company = _number(row["organisation_id"]) % len(COMPANIES) + 1
            self.memberships.insert(
                0,
                {
                    "person_id": row["person_id"],
                    "organisation_id": company,
                    "role": MemberRole.MEMBER,
                    "valid_from": self._today - timedelta(days=300),
                    "valid_until": until,
                },
            )

    def _add_somebody(self, domain: str, days_ago: int) -> int:
        name = next(self._names)
        latin = name if name.isascii() or not _is_arabic(name) else f"{_slug_of_arabic(name)}"
        first, *rest = _plain(latin).split()
        email = self._free_email(f"{first}.{''.join(rest)}" if rest else first, domain)
        language = "ar" if _is_arabic(name) else self._chance.choice(_LANGUAGES)
        return self._add(name, email, language, days_ago)

    def _free_email(self, local: str, domain: str) -> str:
        email, number = f"{local}@{domain}", 1
        while email in self._emails:
            number += 1
            email = f"{local}{number}@{domain}"
        return email

    def _add(self, name: str, email: str, language: str, days_ago: int) -> int:
        at = self._morning(days_ago)
        person_id = len(self.persons) + 1
        self._emails.add(email)
        self.persons.append(
            {
                "id": person_id,
                "public_id": public_id(self._ids, at),
                "email": email,
                "name": name,
                "language": language,
                "state": PersonState.ACTIVE,
                "password_hash": self._password_hash,
                "is_demo": True,
                # Half of them agree that colleagues see where they are, both demo members too.
                "shows_presence": person_id % 2 == 0 or email in (MEMBER, MANAGER),
                "created_at": at,
            }
        )
        return person_id

    def _join(self, person_id: int, organisation_id: int, days_ago: int, manages: bool) -> None:
        self.memberships.append(
            {
                "person_id": person_id,
                "organisation_id": organisation_id,
                "role": MemberRole.MANAGER if manages else MemberRole.MEMBER,
                "valid_from": self._today - timedelta(days=days_ago),
                "valid_until": None,
            }
        )

    def _morning(self, days_ago: int) -> datetime:
        local = datetime.combine(self._today - timedelta(days=days_ago), time(9, 30))
        return zones.reached(local, self._zone)


def _names(chance: Random) -> Iterator[str]:
    """Names without end, none twice; every thirtieth in Arabic letters."""
    given: set[str] = set()
    arabic = iter(IN_ARABIC)
    while True:
        if len(given) % 30 == 29 and (name := next(arabic, None)) is not None:
            given.add(name)
            yield name
        name = f"{chance.choice(chance.choice((WOMEN, MEN)))} {chance.choice(FAMILIES)}"
        if name not in given:
            given.add(name)
            yield name


def _is_arabic(name: str) -> bool:
    return "ARABIC" in unicodedata.name(name[0], "")


def _slug_of_arabic(name: str) -> str:
    """An address is written in Latin letters; this one has a number instead of a name."""
    return f"membre.{IN_ARABIC.index(name) + 1}"


def _plain(text: str) -> str:
    """Lower-case ASCII letters, digits, dots and spaces."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if c.isascii() and (c.isalnum() or c in " ."))


def _domain(company: str) -> str:
    return "-".join(_plain(company).replace(".", "").split()) + ".example"


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _id(row: Row) -> int:
    return _number(row["id"])
