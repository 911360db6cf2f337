"""Everybody there is, and one thing of each sort to ask about, for the table of rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count

from sqlalchemy import select

from booking.authorisations import service as authorisations
from booking.core.database import session
from booking.core.permissions import Actor, Scope
from booking.occupancy.models import ClosureKind
from booking.people import feeds, tokens
from booking.people.models import FeedDetail, Grant, Organisation
from booking.policies.facts import Place
from booking.reservations import series, service
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import GroupWish, Wish
from booking.spaces.models import PeriodState
from booking.waitlist import service as waitlist
from tests import make
from tests.displacing import displace, serve_all

NOBODY = "nobody"
UNKNOWN = "00000000-0000-7000-8000-000000000000"
FIRST = "1"


@dataclass(frozen=True)
class World:
    """Who asks, by what they are to the reservation in question, and the names in addresses.

    `things` says what a name in an address stands for; with the endpoint or its feature before it
    where the same name means different things.
    """

    people: Mapping[str, Actor | None]
    things: Mapping[str, str]
    made: Mapping[str, Callable[[Actor], str]]  # anew for whoever asks, who may use it up

    def stands_for(self, endpoint: str, name: str, who: str) -> str:
        """What stands for this name in the address that this person asks for."""
        actor = self.people[who]
        for key in (f"{endpoint}.{name}", f"{endpoint.rpartition('.')[0]}.{name}", name):
            if key in self.made and actor is not None:
                return self.made[key](actor)
            if key in self.things:
                return self.things[key]
        return FIRST if name in ("key", "grant_id", "session_id", "message_id") else UNKNOWN


def _feed(actor: Actor) -> str:
    made, _secret = feeds.make_feed(actor, name="Phone", detail=FeedDetail.FULL, language="en")
    return made.public_id


def _token(actor: Actor) -> str:
    made, _secret = tokens.make_token(actor, name="Script", scopes=[Scope.READ])
    return made.public_id


# What whoever asks has of their own.
OWN: Mapping[str, Callable[[Actor], str]] = {
    "people_api.delete.feed_id": _feed,
    "secrets.ask_revoke_feed.public_id": _feed,
    "secrets.revoke_feed.public_id": _feed,
    "secrets.ask_rotate_feed.public_id": _feed,
    "secrets.rotate_feed.public_id": _feed,
    "secrets.ask_revoke_token.public_id": _token,
    "secrets.revoke_token.public_id": _token,
}


# Where somebody of the organisation may lose their membership.
LEAVING = tuple(
    f"{endpoint}.person_id"
    for endpoint in (
        "organisations_api.remove",
        "organisations_api.end",
        "organisations_api.member_plan",
        "organisations_api.set_role",
        "organisation.member",
        "organisation.ask_end",
        "organisation.end",
        "organisation.set_role",
        "departing_api.deactivate",
        "park.leaving.deactivate",
        "privacy.anonymise",
        "organisation.resend",
        "organisation.withdraw",
    )
)
# What the API reads before it looks whom it is about.
BODIES: Mapping[str, object] = {
    "approvals_api.ask": {"question": "How many?"},
    "approvals_api.decide_series": {"decision": "approve", "seen": "0"},
    "approvals_api.decline": {"code": "other", "reason": "No"},
    "reservations_api.answer": {"text": "Two"},
    "series_api.add": {"date": "2026-10-20"},
    "replacements_api.take": {"replacement": UNKNOWN},
    "reservations_api.transfer": {"person": "019a0000-0000-7000-8000-000000000000"},
    "organisations_api.set_role": {"role": "member"},
}


def build() -> World:
    """A request of a member, on a lab with a manager, in a building with a reception."""
    organisation = make.organisation()
    holder = make.member_of(organisation)
    make.policy()  # that of all other places
    lab = make.lab(under=make.policy(needs_approval=True, asks_for_authorisation=True))
    _authorised(lab, holder)(holder)
    holiday = make.holiday(make.at(0, days=90).date())
    profile = make.profile()
    first_day = make.at(0, days=120).date()
    period = make.period(profile, first_day, first_day, PeriodState.ESTIMATED)
    first_day = make.at(0, days=122).date()
    other = make.profile("Summer")
    another = make.period(other, first_day, first_day, PeriodState.ESTIMATED)
    request = make.reservation(
        holder,
        lab,
        starts_at=make.at(9, days=3),
        organisation_id=organisation.public_id,
    )
    return World(
        people={
            NOBODY: None,
            "stranger": make.member_of(),
            "colleague": make.member_of(organisation),
            "holder": holder,
            "organisation's manager": make.member_of(organisation, is_manager=True),
            "lab manager": make.lab_manager(lab),
            "reception": make.reception(lab),
            "auditor": make.auditor(),
            "operator": make.operator(),
        },
        made={
            **OWN,
            **dict.fromkeys(LEAVING, _somebody_in(organisation.id)),
            **dict.fromkeys(("waitlist.public_id", "waitlist_api.entry_id"), _waits),
            **dict.fromkeys(
                ("authorisations.public_id", "authorisations_api.authorisation_id"),
                _authorised(lab),
            ),
            **dict.fromkeys(("closures.public_id", "closures_api.closure_id"), _closed(lab)),
            "breakdowns.public_id": _broken(lab),
            **dict.fromkeys(
                ("replacements.public_id", "replacements_api.reservation_id"),
                _displaced(holder, organisation.public_id),
            ),
        },
        things={
            "public_id": request.public_id,
            "reservation_id": request.public_id,
            "reference": request.reference,
            "resource_id": lab.spot.public_id,
            "code": lab.spot.code,
            "secret": "no-such-secret",
            "day": "2026-10-05",
            "kind": "buildings",
            "what": "buildings",
            "subject": "buildings",
            "holiday_id": holiday.public_id,
            "holidays.public_id": holiday.public_id,
            "profile_id": str(profile.id),
            "period_id": period.public_id,
            "hours_id": str(lab.spot.hours_id),
            "park.profiles.key": str(other.id),
            "park.profiles.hours": str(lab.spot.hours_id),
            "park.profiles.public_id": another.public_id,
            "park.samples.kind": "confirmed",
            **_spare(),
            **_of_the_organisation(organisation, holder),
            **_asked_for(lab, organisation, holder),
        },
    )


def _authorised(lab: Place, person: Actor | None = None) -> Callable[[Actor], str]:
    def give(_who_asks: Actor) -> str:
        return authorisations.give(
            make.operator(),
            email=(person or make.person()).email,
            policy_id=lab.policy_id,
            valid_until=date(2027, 10, 5),
        )

    return give


def _somebody_in(organisation_id: int) -> Callable[[Actor], str]:
    def join(_who_asks: Actor) -> str:
        organisation = session().get(Organisation, organisation_id)
        assert organisation is not None
        return make.member_of(organisation).public_id

    return join


def _waits(who_asks: Actor) -> str:
    """What whoever asks waits for: a space of its own."""
    room = make.room()
    make.reservation(make.person(), room)
    wish = Wish((room.spot.public_id,), make.at(10), make.at(11))
    return waitlist.wait(who_asks, wish)


def _displaced(holder: Actor, organisation_id: str) -> Callable[[Actor], str]:
    """A reservation of the holder's organisation in a room that is closed, and what is held instead
    until the tick or somebody ends it: a room of its own for each who asks."""
    operator = make.operator()

    def lose(_who_asks: Actor) -> str:
        made = make.reservation(holder, make.room(), organisation_id=organisation_id)
        displace(operator, made)
        serve_all()
        return made.public_id

    return lose


def _closed(lab: Place) -> Callable[[Actor], str]:
    """A closure of its own day for each who asks."""
    days = count(100)

    def close(_who_asks: Actor) -> str:
        day = next(days)
        return make.closure(lab, make.at(9, days=day), make.at(10, days=day)).public_id

    return close


def _broken(lab: Place) -> Callable[[Actor], str]:
    """The same, out of order."""
    days = count(300)

    def close(_who_asks: Actor) -> str:
        day = next(days)
        times = (make.at(9, days=day), make.at(10, days=day))
        return make.closure(lab, *times, kind=ClosureKind.OUT_OF_ORDER).public_id

    return close


def _spare() -> dict[str, str]:
    """What an operator may take out of use, so that nobody who asks loses anything by it."""
    desk = make.desk()
    unused = make.organisation()
    return {
        "park.resources.key": desk.spot.public_id,
        "places_api.change_resource.resource_id": desk.spot.public_id,
        "places_api.remove_resource.resource_id": desk.spot.public_id,
        "places_api.retire.resource_id": desk.spot.public_id,
        "places_api.bring_back.resource_id": desk.spot.public_id,
        "park.organisations.public_id": unused.public_id,
        "organisations_api.deactivate.organisation_id": unused.public_id,
        "organisations_api.reactivate.organisation_id": unused.public_id,
    }


def _of_the_organisation(organisation: Organisation, holder: Actor) -> dict[str, str]:
    """A team's places, and a member who asks for nothing."""
    places = (make.desk().spot.public_id, make.desk().spot.public_id)
    wish = GroupWish(places, make.at(9), make.at(10), organisation_id=organisation.public_id)
    group = service.book_together(holder, wish)
    bystander = make.lab_manager(make.lab(), "Bystander")
    make.join(bystander, organisation)
    given = session().scalar(select(Grant.id).where(Grant.person_id == bystander.person_id))
    return {
        "organisation_id": organisation.public_id,
        "organisation.public_id": organisation.public_id,
        "person_id": bystander.public_id,
        "grant_id": str(given),
        "group_id": group.public_id,
        "groups.public_id": group.public_id,
        **_repeated(organisation, holder),
    }


def _asked_for(lab: Place, organisation: Organisation, holder: Actor) -> dict[str, str]:
    """A series that waits for the lab manager."""
    times = (make.at(9, days=5), make.at(10, days=5))
    wish = Wish((lab.spot.public_id,), *times, organisation_id=organisation.public_id)
    made = series.book(holder, SeriesWish(wish, Repetition(Every.DAY, count=2)))
    endpoints = ("approvals.dates", "approvals.approve_dates", "approvals.decline_dates")
    api = ("approvals_api.series_dates", "approvals_api.decide_series")
    return {
        **dict.fromkeys((f"{one}.public_id" for one in endpoints), made.public_id),
        **dict.fromkeys((f"{one}.series_id" for one in api), made.public_id),
    }


def _repeated(organisation: Organisation, holder: Actor) -> dict[str, str]:
    wish = Wish(
        (make.desk().spot.public_id,),
        make.at(9),
        make.at(10),
        organisation_id=organisation.public_id,
    )
    made = series.book(holder, SeriesWish(wish, Repetition(Every.DAY, count=2)))
    names = ("series_id", "series.public_id", "calendars.series_file.public_id")
    return dict.fromkeys(names, made.public_id)
