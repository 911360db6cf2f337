"""Data for tests: each function makes one thing, everything it stands on, and commits.

The park is small: one site in Casablanca, one building, one floor, one area, one policy that asks
nobody, and one set of hours, Monday to Friday from 8:00 to 18:00. What a test does not name comes
from there, so a test names only what it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from booking.core import clock, ids, revisions, zones
from booking.core.database import Model, session, transaction
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor, Role, Scope
from booking.core.refusals import LayoutKind, QuotaPeriod
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, Closure, ClosureKind, ClosureResource
from booking.people import feeds, sign_in
from booking.people.models import (
    BrowserSession,
    FeedDetail,
    Grant,
    MemberRole,
    Membership,
    Organisation,
    Person,
    Token,
    TokenKind,
)
from booking.policies import facts
from booking.policies.facts import Place
from booking.policies.models import Policy, Shown
from booking.policies.rules import WhoMayBook
from booking.reservations import queries
from booking.reservations import service as reservations
from booking.reservations.models import Reservation, ReservationResource, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Wish
from booking.spaces.models import (
    Area,
    Behaviour,
    Building,
    Feature,
    Floor,
    Holiday,
    HolidayState,
    Hours,
    HoursException,
    HoursSpan,
    HoursVersion,
    Kind,
    Layout,
    PeriodState,
    Profile,
    ProfilePeriod,
    ProfileSpan,
    ProfileWeek,
    Resource,
    ResourceFeature,
    ResourceState,
    Site,
)

CASABLANCA = "Africa/Casablanca"
OFFICE_HOURS = ((8 * 60, 18 * 60),)
WORKING_DAYS = range(5)
LONG_AGO = date(2020, 1, 1)
KINDS: dict[str, tuple[Behaviour, str, dict[str, str]]] = {
    "desk": (Behaviour.SEAT, "monitor", {"en": "Desk", "fr": "Bureau", "ar": "مكتب"}),
    "lab": (Behaviour.ROOM, "flask-conical", {"en": "Lab", "fr": "Laboratoire", "ar": "مختبر"}),
    "training_room": (
        Behaviour.ROOM,
        "graduation-cap",
        {"en": "Training room", "fr": "Salle de formation", "ar": "قاعة التكوين"},
    ),
    "meeting_room": (
        Behaviour.ROOM,
        "presentation",
        {"en": "Meeting room", "fr": "Salle de réunion", "ar": "قاعة الاجتماعات"},
    ),
    "machine": (Behaviour.MACHINE, "printer", {"en": "Machine", "fr": "Machine", "ar": "آلة"}),
}

M = TypeVar("M", bound=Model)


# --- places ---


def site(*, zone: str = CASABLANCA, weekend: str = "5,6") -> Site:
    """The site; there is one in a park."""
    return _saved(
        Site(
            names=_names("Casablanca Tech Valley"),
            zone=zone,
            country="MA",
            weekend=weekend,
            currency="MAD",
            uid_domain="booking.example",
            legal_notice=_names(""),
        )
    )


def building(*, code: str | None = None, at: Site | None = None) -> Building:
    """A building of the site."""
    code = code or f"B{_count(Building) + 1}"
    return _saved(
        Building(
            site_id=(at or _first(Site) or site()).id,
            code=code,
            names=_names(f"Building {code}"),
            address="1 Boulevard Sidi Othmane, Casablanca",
            way_in=_names("By the main gate"),
            step_free_note=_names(""),
        )
    )


def floor(*, level: int | None = None, at: Building | None = None) -> Floor:
    """A floor of a building, above those there are."""
    level = _count(Floor) if level is None else level
    return _saved(
        Floor(
            building_id=(at or _first(Building) or building()).id,
            level=level,
            names=_names(f"Floor {level}"),
        )
    )


def area(*, code: str | None = None, at: Floor | None = None) -> Area:
    """An area of a floor."""
    code = code or f"Z{_count(Area) + 1}"
    return _saved(
        Area(floor_id=(at or _first(Floor) or floor()).id, code=code, names=_names(f"Area {code}"))
    )


def hours(
    spans: Sequence[tuple[int, int]] = OFFICE_HOURS, *, weekdays: Sequence[int] = WORKING_DAYS
) -> Hours:
    """Opening hours: these spans, in minutes after midnight, on each of these weekdays."""
    made = _saved(Hours(names=_names("Office hours")))
    version = _saved(HoursVersion(hours_id=made.id, valid_from=LONG_AGO))
    for weekday in weekdays:
        for opens, closes in spans:
            _saved(HoursSpan(version_id=version.id, weekday=weekday, opens=opens, closes=closes))
    return made


def around_the_clock() -> Hours:
    """Hours that never close."""
    return hours(((0, 1440),), weekdays=range(7))


def profile(
    name: str = "Ramadan hours",
    *,
    of: Hours | None = None,
    spans: Sequence[tuple[int, int]] = ((9 * 60, 15 * 60),),
    weekdays: Sequence[int] = WORKING_DAYS,
    since: date = LONG_AGO,
) -> Profile:
    """A profile with a week of one set of hours."""
    made = _saved(Profile(site_id=(_first(Site) or site()).id, names=_names(name)))
    hours_id = (of or _first(Hours) or hours()).id
    week = _saved(ProfileWeek(profile_id=made.id, hours_id=hours_id, valid_from=since))
    for weekday in weekdays:
        for opens, closes in spans:
            _saved(ProfileSpan(week_id=week.id, weekday=weekday, opens=opens, closes=closes))
    return made


def period(
    of: Profile, first_day: date, last_day: date, state: PeriodState = PeriodState.ANNOUNCED
) -> ProfilePeriod:
    """When a profile holds, both days included."""
    return _saved(
        ProfilePeriod(
            public_id=ids.new_public_id(),
            profile_id=of.id,
            first_day=first_day,
            last_day=last_day,
            state=state,
        )
    )


def closed_on(day: date, of: Hours | None = None) -> None:
    """A day without opening hours."""
    hours_id = (of or _first(Hours) or hours()).id
    _saved(HoursException(hours_id=hours_id, day=day, names=_names("Closed")))


def policy(
    *,
    granularity: int = 15,
    shortest: int = 30,
    longest: int = 12 * 60,
    notice: int = 0,
    horizon: int = 60,
    series_horizon: int | None = None,
    who_may_book: WhoMayBook = WhoMayBook.ANYONE,
    needs_approval: bool = False,
    holds_while_pending: bool = True,
    decide_within: int = 48 * 60,
    own_request_may_be_decided: bool = False,
    others_see: Shown = Shown.BUSY,
    asks_for_authorisation: bool = False,
    asks_for_check_in: bool = False,
    grace_minutes: int = 15,
    setup_minutes: int = 0,
    cleanup_minutes: int = 0,
    **quotas: int | QuotaPeriod,
) -> Policy:
    """A policy; lengths in minutes, the horizon in days."""
    return _saved(
        Policy(
            names=_names("House rules"),
            granularity=granularity,
            shortest=shortest,
            longest=longest,
            notice=notice,
            horizon=horizon,
            series_horizon=series_horizon,
            who_may_book=who_may_book,
            needs_approval=needs_approval,
            holds_while_pending=holds_while_pending,
            decide_within=decide_within,
            own_request_may_be_decided=own_request_may_be_decided,
            others_see=others_see,
            asks_for_authorisation=asks_for_authorisation,
            asks_for_check_in=asks_for_check_in,
            grace_minutes=grace_minutes,
            setup_minutes=setup_minutes,
            cleanup_minutes=cleanup_minutes,
            **quotas,
        )
    )


def kind(code: str = "desk") -> Kind:
    """A kind of resource; the five of the park have their names and icons."""
    behaves, icon, names = KINDS.get(code, (Behaviour.ROOM, "box", _names(code)))
    return _saved(Kind(code=code, names=names, icon=icon, behaves=behaves))


def feature(code: str, icon: str = "projector") -> Feature:
    """A feature; give it to a resource by `features=[...]`."""
    return _saved(Feature(code=code, names=_names(code.replace("_", " ").capitalize()), icon=icon))


def resource(
    code: str,
    *,
    kind_code: str = "desk",
    capacity: int = 1,
    units: int = 1,
    under: Policy | None = None,
    open_at: Hours | None = None,
    at: Area | None = None,
    features: Sequence[Feature] = (),
    out_of_order: str | None = None,
    expected_back_at: datetime | None = None,
    layouts: Sequence[tuple[LayoutKind, int, int]] = (),
) -> Place:
    """A resource; `under` is its policy, `open_at` its hours, `at` its area."""
    made = _saved(
        Resource(
            public_id=ids.new_public_id(),
            area_id=(at or _first(Area) or area()).id,
            kind_id=(_kind_of(kind_code) or kind(kind_code)).id,
            policy_id=(under or _first(Policy) or policy()).id,
            hours_id=(open_at or _first(Hours) or hours()).id,
            code=code,
            names=_names(f"{kind_code.replace('_', ' ').capitalize()} {code}"),
            capacity=capacity,
            units=units,
            state=ResourceState.IN_ORDER if out_of_order is None else ResourceState.OUT_OF_ORDER,
            out_of_order_reason=out_of_order,
            expected_back_at=expected_back_at,
        )
    )
    for one in features:
        _saved(ResourceFeature(resource_id=made.id, feature_id=one.id))
    for layout, people, minutes in layouts:
        _saved(Layout(resource_id=made.id, kind=layout, capacity=people, setup_minutes=minutes))
    found = facts.place(made.public_id)
    assert found is not None
    return found


def desk(
    code: str | None = None,
    *,
    under: Policy | None = None,
    open_at: Hours | None = None,
    at: Area | None = None,
) -> Place:
    """A desk for one, booked without asking anybody."""
    code = code or f"A-{_count(Resource) + 1:02}"
    return resource(code, under=under, open_at=open_at, at=at)


def lab(
    code: str | None = None,
    *,
    capacity: int = 8,
    under: Policy | None = None,
    open_at: Hours | None = None,
    at: Area | None = None,
) -> Place:
    """A lab for eight under a policy of its own that asks the lab manager and holds the place."""
    code = code or f"LAB-{_count(Resource) + 1:02}"
    under = under or policy(needs_approval=True)
    return resource(code, kind_code="lab", capacity=capacity, under=under, open_at=open_at, at=at)


def room(
    code: str | None = None,
    *,
    capacity: int = 12,
    under: Policy | None = None,
    open_at: Hours | None = None,
    at: Area | None = None,
    layouts: Sequence[tuple[LayoutKind, int, int]] = (),
) -> Place:
    """A meeting room for twelve."""
    code = code or f"M-{_count(Resource) + 1:02}"
    return resource(
        code,
        kind_code="meeting_room",
        capacity=capacity,
        under=under,
        open_at=open_at,
        at=at,
        layouts=layouts,
    )


def pool(
    code: str | None = None,
    units: int = 3,
    *,
    under: Policy | None = None,
    open_at: Hours | None = None,
    at: Area | None = None,
) -> Place:
    """An open lab of three places that have no names of their own."""
    code = code or f"OPEN-{_count(Resource) + 1:02}"
    return resource(code, units=units, under=under, open_at=open_at, at=at)


# --- people ---


def person(
    name: str | None = None, *, language: str = "en", password_hash: str | None = None
) -> Actor:
    """Somebody with an account, in no organisation and without a grant."""
    number = _count(Person) + 1
    made = _saved(
        Person(
            public_id=ids.new_public_id(),
            email=f"person{number}@example.com",
            name=name or f"Person {number}",
            language=language,
            password_hash=password_hash,
            created_at=clock.now(),
        )
    )
    return actor(made.id)


def organisation(name: str | None = None) -> Organisation:
    """A startup."""
    name = name or f"Startup {_count(Organisation) + 1}"
    return _saved(Organisation(public_id=ids.new_public_id(), name=name, created_at=clock.now()))


def member_of(
    *organisations: Organisation,
    name: str | None = None,
    language: str = "en",
    is_manager: bool = False,
) -> Actor:
    """A member of these organisations; without any, of a new one."""
    made = person(name, language=language)
    for one in organisations or (organisation(),):
        join(made, one, is_manager=is_manager)
    return actor(made.person_id)


def join(
    who: Actor, which: Organisation, *, is_manager: bool = False, until: date | None = None
) -> Actor:
    """Make a person a member from long ago on; the actor comes back with it."""
    _saved(
        Membership(
            person_id=who.person_id,
            organisation_id=which.id,
            role=MemberRole.MANAGER if is_manager else MemberRole.MEMBER,
            valid_from=LONG_AGO,
            valid_until=until,
        )
    )
    return actor(who.person_id)


def grant(
    who: Actor,
    role: Role,
    *,
    place: Place | None = None,
    area_id: int | None = None,
    building_id: int | None = None,
) -> Actor:
    """Give a role, for a place, an area or a building as the role wants it; returns the actor."""
    _saved(
        Grant(
            person_id=who.person_id,
            role=role,
            resource_id=None if place is None else place.resource_id,
            area_id=area_id,
            building_id=building_id,
        )
    )
    return actor(who.person_id)


def lab_manager(place: Place, name: str | None = None, *, language: str = "en") -> Actor:
    """Somebody who decides on this place."""
    return grant(person(name, language=language), Role.LAB_MANAGER, place=place)


def reception(place: Place, name: str | None = None) -> Actor:
    """Somebody at the reception of the place's building."""
    return grant(person(name), Role.RECEPTION, building_id=place.building_id)


def operator(name: str | None = None, *, language: str = "en") -> Actor:
    """Somebody who runs the park."""
    return grant(person(name, language=language), Role.OPERATOR)


def auditor(name: str | None = None) -> Actor:
    """Somebody who may look at everything."""
    return grant(person(name), Role.AUDITOR)


def actor(person_id: int) -> Actor:
    """The person as they come with a request, with what they may do today."""
    found = session().get(Person, person_id)
    assert found is not None
    return sign_in.load_actor(found)


def signed_in(client: FlaskClient, who: Actor) -> FlaskClient:
    """The client as the browser of this person."""
    secret = ids.new_secret()
    now = clock.now()
    _saved(
        BrowserSession(
            digest=ids.digest(secret),
            person_id=who.person_id,
            created_at=now,
            last_seen_at=now,
            device="Test",
        )
    )
    client.set_cookie("sid", secret)
    return client


def bearer(who: Actor, *scopes: Scope) -> dict[str, str]:
    """The headers of a program that brings a token of this person; without scopes, of all."""
    secret = ids.new_secret()
    _saved(
        Token(
            public_id=ids.new_public_id(),
            kind=TokenKind.API,
            digest=ids.digest(secret),
            person_id=who.person_id,
            name="Test",
            scopes=",".join(scopes or Scope),
            created_at=clock.now(),
        )
    )
    return {"Authorization": f"Bearer {secret}"}


# --- reservations ---


def at(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    """A wall clock time, so many days after the day on which the clock of the tests stands."""
    day = clock.now().date() + timedelta(days=days)
    return datetime.combine(day, time(hour, minute))


def reservation(
    who: Actor | None = None,
    place: Place | None = None,
    *beside: Place,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    title: str = "",
    headcount: int = 1,
    organisation_id: str | None = None,
    person_id: str | None = None,
    guest: str = "",
    layout: LayoutKind | None = None,
) -> Details:
    """A reservation as its verb makes it: by itself, a member's, of a desk, tomorrow at 10:00,
    for an hour. On a lab it is pending. More places are taken together with the first."""
    who = who or member_of()
    place = place or desk()
    start = starts_at or at(10)
    made = reservations.book(
        who,
        Wish(
            resources=tuple(one.spot.public_id for one in (place, *beside)),
            starts_at=start,
            ends_at=ends_at or start + timedelta(hours=1),
            title=title,
            headcount=headcount,
            organisation_id=organisation_id,
            person_id=person_id,
            guest=guest,
            layout=layout,
        ),
    )
    return details(made.public_id)


def stored_reservations(
    who: Actor, place: Place, count: int, *, title: str = "Prototype tests", days: int = 1
) -> None:
    """So many confirmed hours in a row from that many days ahead on, written at once and without
    claims: for tests that only read many."""
    start = clock.now().replace(hour=0) + timedelta(days=days)
    zone = zones.zone(place.spot.zone_name)
    rows = []
    for number in range(count):
        interval = Interval(start + timedelta(hours=number), start + timedelta(hours=number + 1))
        local = LocalInterval.of(interval, zone)
        rows.append(
            {
                "public_id": ids.new_public_id(),
                "reference": ids.new_reference(),
                "person_id": who.person_id,
                "booked_by_id": who.person_id,
                "title": f"{title} {number}",
                "state": State.CONFIRMED,
                "holds_place": True,
                "zone": local.zone_name,
                "local_start": local.starts_at,
                "local_end": local.ends_at,
                "tzdata": zones.version(),
                "starts_at": interval.starts_at,
                "ends_at": interval.ends_at,
                "created_at": clock.now(),
                "changed_at": clock.now(),
            }
        )
    with transaction() as current:
        made = current.scalars(insert(Reservation).returning(Reservation.id), rows).all()
        taken = [{"reservation_id": one, "resource_id": place.resource_id} for one in made]
        current.execute(insert(ReservationResource), taken)
        revisions.bump(revisions.Scope.PERSON, [who.person_id])


def feed_address(who: Actor, *, detail: FeedDetail = FeedDetail.FULL, language: str = "en") -> str:
    """The path of a new calendar address of this person."""
    _feed, secret = feeds.make_feed(who, name="Phone", detail=detail, language=language)
    return f"/ical/{secret}.ics"


def details(public_id: str) -> Details:
    """A reservation as it stands now."""
    found = queries.details_by_id(public_id)
    assert found is not None
    return found


def holiday(
    day: date, name: str = "Eid", *, state: HolidayState = HolidayState.ESTIMATED
) -> Holiday:
    """A public holiday as it stands in the list; the worker closes what is announced."""
    site_id = (_first(Site) or site()).id
    public_id = ids.new_public_id()
    names = _names(name)
    return _saved(Holiday(public_id=public_id, site_id=site_id, day=day, names=names, state=state))


def closure(
    place: Place,
    starts_at: datetime,
    ends_at: datetime,
    *,
    kind: ClosureKind = ClosureKind.CLOSED,
) -> Closure:
    """Time claimed by the house, between two wall clock times."""
    interval: Interval = LocalInterval(starts_at, ends_at, place.spot.zone_name).project()
    with transaction():
        made = _saved(
            Closure(
                public_id=ids.new_public_id(),
                kind=kind,
                names=_names("Maintenance"),
                starts_at=interval.starts_at,
                ends_at=interval.ends_at,
                created_at=clock.now(),
            )
        )
        _saved(ClosureResource(closure_id=made.id, resource_id=place.resource_id))
        occupancy.claim(
            Owner(closure_id=made.id),
            [
                Claim(
                    place.resource_id,
                    interval,
                    place.spot.code,
                    place.spot.zone_name,
                    unit=unit,
                    kind=ClaimKind.CLOSURE,
                )
                for unit in range(1, place.spot.units + 1)
            ],
        )
    return made


# --- what they share ---


def _saved(row: M) -> M:
    with transaction() as current:
        current.add(row)
        current.flush()
    return row


def _first(model: type[M]) -> M | None:
    return session().scalars(select(model).order_by(*model.__table__.primary_key).limit(1)).first()


def _kind_of(code: str) -> Kind | None:
    return session().scalars(select(Kind).where(Kind.code == code)).first()


def _count(model: type[Model]) -> int:
    return session().scalar(select(func.count()).select_from(model)) or 0


def _names(text: str) -> dict[str, str]:
    return dict.fromkeys(("en", "fr", "ar"), text)
