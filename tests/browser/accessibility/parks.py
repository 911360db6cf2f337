"""Two parks to walk through: one in which nothing is there yet, one with everything at its worst.

The worst: long names, names in the other script, words without a gap, every state at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from sqlalchemy import String, cast, literal, select, update

from booking import worker
from booking.authorisations import service as authorisations
from booking.closures import breakdowns
from booking.closures import queries as closures
from booking.closures import service as closing
from booking.closures.breakdowns import Breakdown
from booking.closures.rules import Wanted
from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.permissions import Actor, Role, Scope
from booking.demand import service as demand
from booking.exchange import service as imports
from booking.exchange.rules import Subject
from booking.messages.models import Message, MessageState
from booking.occupancy.models import ClosureKind
from booking.people import deputies, feeds, invitations, links, organisations, terms, tokens
from booking.people.models import FeedDetail, Grant, Person, Token, TokenKind
from booking.policies.facts import Place
from booking.policies.models import Shown
from booking.reservations import departures, series, service
from booking.reservations.departures import Choices
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import Change, GroupWish, Wish
from booking.spaces import photos, timetables
from booking.spaces import service as spaces
from booking.spaces.drafts import DayDraft, SpanDraft, WeekDraft
from booking.spaces.models import PeriodState
from booking.waitlist import service as waitlist
from tests import make
from tests.displacing import displace
from tests.drawing import picture

LONG_NAME = "Société marocaine d'instrumentation électromécanique et de robotique appliquée"
LONG_WORD = "Aerothermodynamikpruefstandskalibrierungsprotokollfuehrung"
# Nothing in it tells a browser where a line may end.
ONE_WORD = "Instrumentationelectromecaniqueetrobotiqueappliqueesdufoundouk"
FLOORS = b"building,level,name_fr\nB1,9,Toit\nB9,low,\n"
ARABIC_TITLE = "اجتماع تحضيري لعرض النموذج الأولي أمام لجنة التحكيم"


@dataclass(frozen=True)
class Park:
    """Its people, and what stands in addresses for the things that it has."""

    member: Actor
    manager: Actor
    operator: Actor
    things: Mapping[str, str] = field(default_factory=dict)


Build = Callable[[Flask, str], Park]


def empty(_app: Flask, language: str) -> Park:
    """A site and people, and nothing to book: whoever decides is the operator."""
    make.site()
    operator = make.operator("Amine Tazi", language=language)
    member = make.person("Salma El Idrissi", language=language)
    return Park(member, operator, operator, _links(member, operator))


def full(app: Flask, language: str) -> Park:
    """Spaces of every kind, reservations in every state, requests with rivals, messages."""
    places = _places()
    startup = make.organisation(ONE_WORD)
    member = make.member_of(startup, name="Fatima Zahra El Idrissi Bouhaddou", language=language)
    make.member_of(startup, name=ONE_WORD)
    manager = make.lab_manager(places.lab, "نادية الشرايبي", language=language)
    manager = make.grant(manager, Role.LAB_MANAGER, place=places.contested)
    operator = make.operator("Amine Tazi", language=language)
    things = {
        **_links(member, operator),
        **_granted(manager),
        "desk": places.desk.spot.code,
        "lab": places.lab.spot.code,
        "room": "ROOM-12",
        "floor": str(places.desk.spot.floor_id),
        "out": "A-10",
        **_described(operator, places),
        **_past(member, places),
        **_present(member, manager, places),
        **_requests(places),
        **_broken(operator),
        **_organisations(member, manager, places),
        **_secrets(member),
        **_waiting(member),
        **_displaced(operator, member),
        **_absence(manager),
        **_authorised(member, manager),
        "import": imports.try_out(operator, Subject.FLOORS, FLOORS).public_id,
    }
    demand.note_nothing_found("desk", clock.now(), 3)
    _lengthen_addresses()
    end_reading()
    worker.until_nothing_is_due(app)
    return Park(member, manager, operator, {**things, **_messages()})


@dataclass(frozen=True)
class _Places:
    desk: Place
    lab: Place
    contested: Place
    seats: tuple[Place, ...]


def _places() -> _Places:
    make.site()
    hall = make.building(code="ATLAS")
    area = make.area(code="PATIO", at=make.floor(level=0, at=hall))
    make.floor(level=1, at=make.building(code="RIF"))
    shown = make.policy(others_see=Shown.PERSON)
    projector, wifi = make.feature("large_projector"), make.feature("wifi", "wifi")
    desk = make.desk("A-01", under=shown, at=area)
    for number in range(2, 10):
        make.desk(f"A-0{number}", under=shown, at=area)
    make.resource(
        "A-10", under=shown, at=area, out_of_order="Écran cassé", expected_back_at=clock.now()
    )
    make.resource(
        "ROOM-12", kind_code="meeting_room", capacity=12, at=area, features=[projector, wifi]
    )
    lab = make.lab("LAB-ELEC-1", at=area)
    free_for_all = make.policy(needs_approval=True, holds_while_pending=False)
    contested = make.lab("LAB-ELEC-2", under=free_for_all, at=area)
    return _Places(desk, lab, contested, (make.desk("A-12", at=area), make.desk("A-13", at=area)))


def _described(operator: Actor, places: _Places) -> dict[str, str]:
    """What operators look after: a photo, a retired space, hours with a future and a day off."""
    spot = places.desk.spot
    retired = make.desk("OLD-01")
    spaces.retire_resources(operator, [retired.spot.public_id])
    photo = photos.add_photo(operator, spot.public_id, picture(800, 600), {"fr": LONG_NAME})
    photos.add_photo(operator, spot.public_id, picture(), {"ar": ARABIC_TITLE})
    first = timetables.today() + timedelta(days=20)
    morning = (SpanDraft(opens="08:00", closes="12:00"),)
    later = WeekDraft(valid_from=first, week=((morning,) * 5 + ((), ())))
    timetables.add_week(operator, spot.hours_id, later)
    timetables.add_day(operator, spot.hours_id, DayDraft(day=first, names={"ar": ARABIC_TITLE}))
    profile = make.profile(LONG_WORD)
    expected = make.period(
        profile, first + timedelta(days=20), first + timedelta(days=48), PeriodState.ESTIMATED
    )
    return {
        "profile_key": str(profile.id),
        "period": expected.public_id,
        "resource": spot.public_id,
        "retired": retired.spot.public_id,
        "photo": photo,
        "building_key": str(spot.building_id),
        "area_key": str(spot.area_id),
        "kind_key": str(spot.kind_id),
        "policy_key": str(spot.policy_id),
        "hours_key": str(spot.hours_id),
        "feature_key": "1",
        "week": first.isoformat(),
        "day_off": first.isoformat(),
    }


def _waiting(member: Actor) -> dict[str, str]:
    """Two rooms that were taken; one of them has become free, and is held."""
    rooms = [make.room(code) for code in ("WAIT-1", "WAIT-2")]
    taken = [make.reservation(make.person(), room) for room in rooms]
    entries = [
        waitlist.wait(member, Wish((room.spot.public_id,), make.at(10), make.at(11), ARABIC_TITLE))
        for room in rooms
    ]
    service.cancel(make.actor(taken[1].person_id), taken[1].public_id)
    return {"waits": entries[0], "offered": entries[1]}


def _displaced(operator: Actor, member: Actor) -> dict[str, str]:
    """A room that closes for a day, and what is held for whoever had it."""
    room, start = make.room("SHUT-1"), make.at(10, days=4)
    made = make.reservation(member, room, starts_at=start, title=f"{LONG_WORD} {ARABIC_TITLE}")
    displace(operator, made)
    return {"displaced": made.public_id}


def _past(member: Actor, places: _Places) -> dict[str, str]:
    """A week ago: one that was kept, and a request that nobody has answered."""
    with clock.frozen_at(clock.now() - timedelta(days=7)):
        kept = make.reservation(member, places.desk, title=ARABIC_TITLE)
        expired = make.reservation(member, places.lab, title="Test de résine")
    return {"past": kept.public_id, "expired": expired.public_id}


def _present(member: Actor, manager: Actor, places: _Places) -> dict[str, str]:
    running = make.reservation(
        member, places.desk, starts_at=make.at(8, days=0), ends_at=make.at(12, days=0)
    )
    confirmed = make.reservation(member, places.desk, title=f"{LONG_WORD} {ARABIC_TITLE}")
    cancelled = make.reservation(member, places.desk, starts_at=make.at(14), title="Entretien")
    service.cancel(member, cancelled.public_id, reason="Le prototype n'est pas prêt. " * 5)
    declined = make.reservation(member, places.lab, starts_at=make.at(14), title="Carte moteur")
    service.decline(
        manager, declined.public_id, seen_version=declined.version, reason=f"{LONG_WORD} مشغول"
    )
    changed = make.reservation(member, places.lab, starts_at=make.at(8, days=2), title="Série A")
    service.approve(manager, changed.public_id, seen_version=changed.version)
    service.change(
        member, changed.public_id, Change(starts_at=make.at(9, days=2), ends_at=make.at(11, days=2))
    )
    pending = make.reservation(member, places.lab, starts_at=make.at(10, days=3), headcount=8)
    service.ask(manager, pending.public_id, question=f"{ARABIC_TITLE} ? {LONG_WORD}")
    service.answer(member, pending.public_id, text=LONG_NAME)
    service.ask(manager, pending.public_id, question=LONG_NAME)
    make.reservation(
        make.member_of(name="كريم الزيتوني"), make.desk("A-11"), starts_at=make.at(9, days=0)
    )
    team = service.book_together(
        member,
        GroupWish(
            tuple(place.spot.public_id for place in places.seats),
            make.at(9, days=4),
            make.at(17, days=4),
            title=LONG_WORD,
        ),
    )
    repeated = series.book(
        member,
        SeriesWish(
            Wish(
                (places.seats[0].spot.public_id,),
                make.at(9, days=14),
                make.at(11, days=14),
                title=LONG_WORD,
            ),
            Repetition(Every.WEEK, weekdays=frozenset({0, 2}), count=5),
            {make.at(9, days=21).date(): None},
        ),
    )
    return {
        "series": repeated.public_id,
        "group": team.public_id,
        "running": running.public_id,
        "confirmed": confirmed.public_id,
        "cancelled": cancelled.public_id,
        "declined": declined.public_id,
        "changed": changed.public_id,
        "pending": pending.public_id,
        "reference": confirmed.reference,
    }


def _requests(places: _Places) -> dict[str, str]:
    """Two who want the same hour, and one whose hour the house has taken meanwhile."""
    first = make.reservation(
        make.member_of(make.organisation("Loukoum Jeux")), places.contested, title=LONG_WORD
    )
    make.reservation(make.member_of(name="Maryam Chouaf"), places.contested, title=ARABIC_TITLE)
    blocked = make.reservation(place=places.contested, starts_at=make.at(14))
    make.closure(places.contested, make.at(13), make.at(18))
    make.reservation(place=places.contested, starts_at=make.at(9, days=2), title=ARABIC_TITLE)
    weekly = Wish((places.contested.spot.public_id,), make.at(9), make.at(11), title=LONG_WORD)
    wanted = SeriesWish(weekly, Repetition(Every.WEEK, count=3))
    dates = series.book(make.member_of(name="Karim Tazi"), wanted)
    closed = _closed(places.contested)
    return {
        "rivalled": first.public_id,
        "blocked": blocked.public_id,
        "closure": closed,
        "holiday": make.holiday(make.at(0, days=8).date(), LONG_WORD).public_id,
        "dates": dates.public_id,
    }


def _broken(operator: Actor) -> dict[str, str]:
    """What is out of order until it is expected back."""
    breakdown = Breakdown(make.desk("A-14").spot.public_id, LONG_WORD, make.at(8, days=9))
    return {"breakdown": breakdowns.take_out(operator, breakdown).public_id}


def _closed(place: Place) -> str:
    """A closure that has cancelled a reservation."""
    operator = make.operator()
    wanted = Wanted(
        kind=ClosureKind.MAINTENANCE,
        names={"fr": LONG_WORD, "ar": ARABIC_TITLE},
        starts_at=make.at(8, days=2),
        ends_at=make.at(18, days=2),
        resources=(place.spot.public_id,),
    )
    seen = closures.plan(operator, wanted).seen
    return closing.close(operator, wanted, seen=seen).public_id


def _organisations(member: Actor, manager: Actor, places: _Places) -> dict[str, str]:
    """One that the member is in, one that the lab manager looks after, with somebody who is shown
    and leaves and somebody who has not come, and one that has left."""
    managed = make.organisation(f"{ONE_WORD}filiale")
    make.join(manager, managed, is_manager=True)
    colleague = make.member_of(managed, name="عبد الرحمان بنعبد الله الشرقاوي")
    organisations.show_presence(colleague, True)
    for hour, days in ((16, 0), (16, 3)):
        make.reservation(
            colleague,
            places.desk,
            starts_at=make.at(hour, days=days),
            title=ARABIC_TITLE,
            organisation_id=managed.public_id,
        )
    invited = make.member_of(managed, name=ONE_WORD)
    with transaction() as current:
        came = update(Person).where(Person.id == colleague.person_id)
        current.execute(came.values(password_hash="came"))
    left = make.organisation("Loukoum Éditions")
    departures.deactivate_organisation(make.operator(), left.public_id, Choices())
    return {
        "organisation": member.memberships[0].public_id,
        "managed": managed.public_id,
        "colleague": colleague.public_id,
        "invited": invited.public_id,
        "deactivated": left.public_id,
    }


def _secrets(member: Actor) -> dict[str, str]:
    feed, _secret = feeds.make_feed(
        member, name=f"Téléphone {LONG_WORD}", detail=FeedDetail.FULL, language="fr"
    )
    token, _secret = tokens.make_token(member, name=LONG_NAME, scopes=[Scope.READ, Scope.WRITE])
    return {"feed": feed.public_id, "token": token.public_id}


def _absence(manager: Actor) -> dict[str, str]:
    """Somebody with a long name decides while the manager is away."""
    deputy, day = make.person(LONG_NAME), terms.today()
    named = deputies.name_deputy(manager, email=deputy.email, first_day=day, last_day=day)
    return {"absence": named.public_id}


def _authorised(member: Actor, manager: Actor) -> dict[str, str]:
    """The member may use a machine with a long name, for two weeks yet."""
    machine = make.resource("LASER", under=make.policy(asks_for_authorisation=True))
    found = authorisations.give(
        make.grant(manager, Role.LAB_MANAGER, place=machine),
        email=member.email,
        policy_id=machine.policy_id,
        valid_until=terms.today() + timedelta(days=14),
        note=LONG_NAME,
    )
    return {"authorised": found}


def _lengthen_addresses() -> None:
    """Everybody's address is as long as their organisation's name."""
    with transaction() as current:
        long = literal(f"{ONE_WORD.lower()}.") + cast(Person.id, String) + "@example.com"
        current.execute(update(Person).values(email=long))


def _messages() -> dict[str, str]:
    """One that is out, and one that waits."""
    found = session().execute(select(Message.state, Message.id)).all()
    by_state = {state: str(message_id) for state, message_id in found}
    return {"kept": by_state[MessageState.KEPT], "planned": by_state[MessageState.PLANNED]}


def _links(member: Actor, operator: Actor) -> dict[str, str]:
    """The one-time links of somebody who chooses a password, and of somebody who is new."""
    with transaction():
        person = session().get(Person, member.person_id)
        assert person is not None
        link = links.make_link(person)
    made = invitations.invite(operator, "karim@example.com", LONG_NAME, member.language)
    token = select(Token.public_id).where(Token.person_id == made.person_id)
    public_id = session().scalars(token).one()
    return {
        "link": link,
        "invitation": links.secret_of(TokenKind.INVITATION, public_id),
        "person": member.public_id,
    }


def _granted(manager: Actor) -> dict[str, str]:
    """Somebody with a role, and the role."""
    grants = select(Grant.id).where(Grant.person_id == manager.person_id)
    return {"decider": manager.public_id, "grant": str(session().scalars(grants).first())}
