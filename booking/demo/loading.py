"""Loading the demo park into an empty database, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Table, exists, func, insert, select

from booking.core import clock, zones
from booking.core.database import engine_name, session, transaction
from booking.demo import arriving, authorised, displaced, large, season, story, unmet, upkeep
from booking.demo.chance import public_id, stream
from booking.demo.ledger import Ledger
from booking.demo.park import Calendar, Park, build
from booking.demo.people import BIOLOGY, LAB_MANAGER, MEMBER, OPERATOR, People, everybody
from booking.demo.reminders import reminders
from booking.demo.rows import Row, Rows, rows_of
from booking.demo.scene import Scene
from booking.finding import preferences
from booking.journal import service as journal
from booking.messages.models import Message
from booking.people import resets, service
from booking.people.demo_accounts import DEMO_PASSWORD
from booking.people.models import Deputy, Grant, Membership, Organisation, Person
from booking.people.passwords import hash_password
from booking.policies import facts
from booking.reservations.models import Reservation
from booking.spaces.models import Resource, Site
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

ZONE = "Africa/Casablanca"
UID_DOMAIN = "techvalley.example"

Progress = Callable[[str], None]


class NotEmptyError(RuntimeError):
    """The database holds something already; the demo park would stand in the middle of it."""


@dataclass(frozen=True)
class Loaded:
    """How much is there now."""

    resources: int
    persons: int
    reservations: int


def is_empty() -> bool:
    """Whether nothing was ever set up here."""
    statement = select(exists(select(Site.id)), exists(select(Person.id)))
    return not any(session().execute(statement).one())


def is_loaded() -> bool:
    """Whether what is here came from the demo."""
    return bool(session().scalar(select(exists().where(Person.is_demo))))


def load(progress: Progress, reminder_minutes: tuple[int, ...]) -> Loaded:
    """Fill the database relative to today; raises NotEmptyError when there is something already."""
    zone = zones.zone(ZONE)
    calendar = Calendar(clock.today(zone), zone)
    with transaction():
        if not is_empty():
            raise NotEmptyError
        progress("Buildings, resources, opening hours and policies ...")
        park = build(calendar, UID_DOMAIN)
        _insert(park.rows)
        progress("Organisations and people ...")
        people = everybody(calendar.today, zone, hash_password(DEMO_PASSWORD))
        _insert(_people_rows(people, park))
        progress("Three months of reservations ...")
        _insert(acts(scene_of(calendar, people), reminder_minutes))
        _count_on()
        authorised.begin(calendar, people)
        unmet.count(calendar)
        displaced.displace(people)
        _prefer(people)
        _invite(people)
        journal.write(None, "demo_loaded", subject_kind="site", subject_id="1")
        return _loaded()


def _invite(people: People) -> None:
    """One of the newcomers has not come yet: the operator has just invited them."""
    newcomer = session().get_one(Person, people.newcomers[-1].person_id)
    newcomer.password_hash = None
    operator = session().get_one(Person, people.id_of[OPERATOR])
    resets.send_link(service.as_actor(operator), newcomer)


def _prefer(people: People) -> None:
    """Salma likes it quiet."""
    salma = session().get_one(Person, people.id_of[MEMBER])
    preferences.choose(service.as_actor(salma), ("quiet",))


def enlarge(progress: Callable[[int], None]) -> Loaded:
    """Make the park that `load` has made a hundred times as large; see `large`."""
    zone = zones.zone(ZONE)
    calendar = Calendar(clock.today(zone), zone)
    large.extend(calendar, hash_password(DEMO_PASSWORD), progress)
    with transaction():
        _count_on()
        authorised.complete(calendar)
        return _loaded()


def scene_of(calendar: Calendar, people: People) -> Scene:
    """The park as it stands before anybody books."""
    places = {place.spot.code: place for place in facts.places()}
    hours = {place.spot.hours_id for place in places.values()}
    days = calendar.days
    return Scene(
        calendar=calendar,
        now=clock.now(),
        places=places,
        openings={
            key: _with_holidays(opening)
            for key, opening in openings(hours, days[0], days[-1]).items()
        },
        people=people,
        ledger=Ledger(stream("ledger")),
    )


def _with_holidays(opening: Opening) -> Opening:
    """Nobody books on an announced holiday, although no closure takes it yet."""
    off = {one.day: () for one in opening.holidays if one.is_announced}
    return replace(opening, exceptions={**opening.exceptions, **off})


def acts(scene: Scene, reminder_minutes: tuple[int, ...]) -> Rows:
    """Everything that happened in these months, as rows."""
    rows = upkeep.close(scene)
    story.tell(scene)
    told = {entry.public_id for entry in scene.ledger.entries}
    season.fill(scene)
    arriving.arrive(scene)
    waiting = {entry.public_id for entry in scene.ledger.entries if entry.waits}
    for table, more in rows_of(scene.ledger, fresh=told | waiting).by_table.items():
        rows.add(table, more)
    rows.add(Message, reminders(scene.ledger.entries, scene.now, told, reminder_minutes))
    return rows


def _people_rows(people: People, park: Park) -> Rows:
    rows = Rows()
    rows.add(Organisation, people.organisations)
    rows.add(Person, people.persons)
    rows.add(Membership, people.memberships)
    rows.add(
        Grant,
        [
            {
                "person_id": person_id,
                "role": role,
                "resource_id": None,
                "area_id": park.areas.get(code),
                "building_id": park.buildings.get(code),
            }
            for person_id, role, code in people.grants
        ],
    )
    rows.add(Deputy, [_deputy(people, clock.now())])
    return rows


def _deputy(people: People, now: datetime) -> Row:
    """Nadia is away these days: Brahim decides, too."""
    today = zones.to_local(now, zones.zone(ZONE)).date()
    return {
        "public_id": public_id(stream("deputies"), now),
        "person_id": people.id_of[LAB_MANAGER],
        "deputy_id": people.id_of[BIOLOGY],
        "valid_from": today,
        "valid_until": today + timedelta(days=4),
        "created_at": now,
    }


def _insert(rows: Rows) -> None:
    """In the order of the keys between the tables, whatever order they were collected in."""
    order = {table: number for number, table in enumerate(Site.metadata.sorted_tables)}
    for table in sorted(rows.by_table, key=order.__getitem__):
        session().execute(insert(table), rows.by_table[table])


def _count_on() -> None:
    """PostgreSQL's counters stand where they stood before the rows that brought their numbers."""
    if engine_name() != "postgresql":
        return
    for table in Site.metadata.sorted_tables:
        if _is_counted(table):
            quoted = f'"{table.name}"'
            highest = select(func.max(table.c.id)).scalar_subquery()
            session().execute(
                select(func.setval(func.pg_get_serial_sequence(quoted, "id"), highest)).where(
                    highest.is_not(None)
                )
            )


def _is_counted(table: Table) -> bool:
    return table.autoincrement_column is not None and "id" in table.c


def _loaded() -> Loaded:
    counts = (select(func.count()).select_from(one) for one in (Resource, Person, Reservation))
    return Loaded(*(session().scalar(count) or 0 for count in counts))
