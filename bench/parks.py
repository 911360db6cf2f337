"""The park that is measured: desks to book, a crowded floor to look at, two long calendars."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import flask_migrate
from flask import Flask

from bench import clients
from booking import cli, create_app
from booking.core import clock
from booking.core.database import db, transaction
from booking.core.instants import Interval
from booking.core.permissions import Actor
from booking.demo import loading
from booking.occupancy.claims import Claim, Owner
from booking.people import feeds, sessions
from booking.people.models import FeedDetail
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.wishes import Wish
from booking.spaces.models import Floor
from config import Settings
from tests import make

SECRET = "only-for-benches-8c1f0a6d3e7b9254"  # noqa: S105  # of a park that lives for minutes
DESKS = 16
CROWD = (("desk", 220), ("meeting_room", 60), ("machine", 20))  # on the crowded floor: 300
STARTS_A_DAY = ((8, 0), (9, 45), (11, 30), (13, 45), (15, 30))  # on each of them: 1 500
MEMBERS = 100
SHORT_FEED, LONG_FEED = 100, 1000
REQUESTS = 50  # that wait for one manager
SLOT = timedelta(minutes=30)
DATES = 52  # of a series


def _half_hours(every: timedelta = SLOT) -> Iterator[datetime]:
    """Wall clock times from the day after tomorrow on."""
    starts_at = datetime.combine(clock.now().date() + timedelta(days=2), time())
    while True:
        yield starts_at
        starts_at += every


@dataclass
class Desk:
    """A desk with one person who books one half hour after another."""

    place: Place
    authorization: str
    starts: Iterator[datetime] = field(default_factory=_half_hours)

    def book(self) -> bytes:
        """The request for the next free half hour, with a key of its own."""
        return self._wish(next(self.starts))

    def book_again(self) -> bytes:
        """The request for the first half hour, which was taken long ago."""
        return self._wish(next(_half_hours()))

    def repeat(self, number: int) -> bytes:
        """The request for a half hour each week of a year; each number has one of its own."""
        first = next(_half_hours()) + timedelta(days=3) + number * SLOT
        return self._wish(first, repetition={"every": "week", "count": DATES})

    def _wish(self, starts_at: datetime, **more: object) -> bytes:
        body = {
            **more,
            "resources": [self.place.spot.public_id],
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + SLOT).isoformat(),
            "title": "Quarterly figures",
        }
        key = f"{random.getrandbits(128):032x}"
        headers = {"Authorization": self.authorization, "Idempotency-Key": key}
        return clients.request("POST", "/api/v1/reservations", headers, json.dumps(body).encode())


@dataclass(frozen=True)
class Park:
    """Everything that requests are made from."""

    app: Flask
    database_url: str
    instance: Path
    desks: list[Desk]
    cookie: str
    grid: str  # the path of the crowded floor's day
    fragment: str
    search: str  # free desks of the whole park, at one time
    manager_cookie: str  # of whom so many requests wait for
    short_feed: str
    long_feed: str
    owner: Owner  # of the claims that are made without the web
    claimed: Place


def open_park(database_url: str, instance: Path, *, is_large: bool = False) -> Park:
    """Migrate the database and fill it by the verbs; a large one has the large demo around it."""
    app = create_app(
        Settings(database_url=database_url, secret_key=SECRET, instance=instance, tick_inside=False)
    )
    cli.register(app)
    with app.app_context():
        flask_migrate.upgrade()
        if is_large:
            loading.load(lambda step: None, app.extensions["booking"].reminder_minutes)
            loading.enlarge(lambda count: None)
        with transaction():
            park = _fill(app, database_url, instance)
        db.session.remove()
        db.engine.dispose()
    return park


def _fill(app: Flask, database_url: str, instance: Path) -> Park:
    booked_on = _next_monday()
    around_the_clock = make.around_the_clock()
    easy = make.policy(granularity=5, shortest=5, horizon=366)
    desks = [
        Desk(
            make.desk(f"D-{number:02}", under=easy, open_at=around_the_clock),
            make.bearer(make.member_of())["Authorization"],
        )
        for number in range(DESKS)
    ]
    claimed = make.desk("CLAIMED", under=easy, open_at=around_the_clock)
    owner = make.reservation(make.member_of(), claimed)
    calendars = [
        make.room(f"CAL-{number}", under=easy, open_at=around_the_clock) for number in "12"
    ]
    members = [
        make.member_of(organisation)
        for organisation in [make.organisation() for _ in range(MEMBERS // 5)]
        for _ in range(5)
    ]
    floor = make.floor(level=7)
    _crowd(floor, members, booked_on)
    query = f"floor={floor.id}&day={booked_on.isoformat()}"
    return Park(
        app=app,
        database_url=database_url,
        instance=instance,
        desks=desks,
        cookie=_cookie(members[0]),
        grid=f"/planning?{query}",
        fragment=f"/planning/fragment?{query}",
        search=_search(booked_on),
        manager_cookie=_cookie(_asked()),
        short_feed=_feed(calendars[0], SHORT_FEED),
        long_feed=_feed(calendars[1], LONG_FEED),
        owner=Owner(reservation_id=owner.id),
        claimed=claimed,
    )


def _crowd(floor: Floor, members: list[Actor], day: date) -> None:
    """Fill the floor: five reservations on each of its resources, on one day."""
    policy = make.policy(horizon=60, longest=600)
    open_at = make.hours()
    areas = [make.area(code=f"North-{number}", at=floor) for number in range(6)]
    bookers = itertools.cycle(members)
    chance = random.Random(7)
    numbers = itertools.count()
    for kind, count in CROWD:
        for _ in range(count):
            number = next(numbers)
            place = make.resource(
                f"N-{number:03}",
                kind_code=kind,
                capacity=1 if kind == "desk" else 8,
                under=policy,
                open_at=open_at,
                at=areas[number % len(areas)],
            )
            for hour, minute in STARTS_A_DAY:
                length = timedelta(minutes=chance.choice((30, 60, 90)))
                _book(next(bookers), place, datetime.combine(day, time(hour, minute)), length)


def _search(day: date) -> str:
    return (
        f"/api/v1/resources/find?kind=desk&starts_at={day.isoformat()}T10:00"
        f"&ends_at={day.isoformat()}T12:00"
    )


def _asked() -> Actor:
    """A manager of a lab, and requests for it that wait."""
    lab = make.lab("LAB-BENCH", open_at=make.around_the_clock())
    for number in range(REQUESTS):
        start = datetime.combine(_next_monday(), time(8)) + timedelta(hours=number)
        _book(make.member_of(), lab, start, timedelta(hours=1))
    return make.lab_manager(lab)


def _cookie(who: Actor) -> str:
    return f"sid={sessions.begin(who.person_id, 'Bench').secret}"


def _feed(place: Place, events: int) -> str:
    """Somebody with so many reservations to come, and the path of their calendar."""
    person = make.member_of()
    for starts_at in itertools.islice(_half_hours(every=timedelta(hours=6)), events):
        _book(person, place, starts_at, timedelta(hours=2))
    _, secret = feeds.make_feed(person, name="Bench", detail=FeedDetail.FULL, language="fr")
    return f"/ical/{secret}.ics"


def _book(actor: Actor, place: Place, starts_at: datetime, length: timedelta) -> None:
    service.book(
        actor,
        Wish(
            (place.spot.public_id,),
            starts_at,
            starts_at + length,
            title="Weekly review of the prototype",
            organisation_id=actor.memberships[0].public_id,
        ),
    )


def _next_monday() -> date:
    today = clock.now().date()
    return today + timedelta(days=7 - today.weekday())


def claims(park: Park, count: int) -> list[Claim]:
    """Claims of one desk, one half hour after another: they touch and do not overlap."""
    first = clock.now() + timedelta(days=400)
    spot = park.claimed.spot
    return [
        Claim(
            park.claimed.resource_id,
            Interval(first + number * SLOT, first + (number + 1) * SLOT),
            spot.code,
            spot.zone_name,
        )
        for number in range(count)
    ]
