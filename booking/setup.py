"""The first rows of an installation: its site, kinds and features, one policy, one set of hours, an
operator."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from babel import Locale
from sqlalchemy import insert, select

from booking.core import clock, revisions, zones
from booking.core.database import Model, session, transactional
from booking.core.errors import FixedError
from booking.core.permissions import Given, Role
from booking.journal import service as journal
from booking.people import links, queries, service
from booking.people.models import Grant, Person
from booking.people.service import Newcomer
from booking.policies.models import Policy
from booking.reservations import ahead
from booking.spaces import inventory
from booking.spaces.models import (
    STEP_FREE,
    Behaviour,
    Feature,
    Hours,
    HoursSpan,
    HoursVersion,
    Kind,
    Resource,
    Site,
)
from config import Settings

OPENS, CLOSES = 8 * 60, 20 * 60
POLICY_NAMES = {"fr": "Règles générales", "ar": "القواعد العامة", "en": "General rules"}
HOURS_NAMES = {"fr": "Horaires d’ouverture", "ar": "أوقات العمل", "en": "Opening hours"}


@dataclass(frozen=True)
class FirstKind:
    """A kind of resource that every park has."""

    code: str
    behaves: Behaviour
    icon: str
    names: tuple[str, str, str]  # French, Arabic, English


FIRST_KINDS = (
    FirstKind("desk", Behaviour.SEAT, "armchair", ("Bureau", "مكتب", "Desk")),
    FirstKind("lab", Behaviour.ROOM, "flask-conical", ("Laboratoire", "مختبر", "Lab")),
    FirstKind(
        "training_room",
        Behaviour.ROOM,
        "graduation-cap",
        ("Salle de formation", "قاعة التكوين", "Training room"),
    ),
    FirstKind(
        "meeting_room",
        Behaviour.ROOM,
        "users",
        ("Salle de réunion", "قاعة الاجتماعات", "Meeting room"),
    ),
    FirstKind(
        "private_office", Behaviour.ROOM, "lock", ("Bureau privatif", "مكتب خاص", "Private office")
    ),
    FirstKind("equipment", Behaviour.MACHINE, "cpu", ("Équipement", "معدات", "Equipment")),
)


@dataclass(frozen=True)
class FirstFeature:
    """A feature that every park can ask for."""

    code: str
    icon: str
    names: tuple[str, str, str]  # French, Arabic, English


FIRST_FEATURES = (
    FirstFeature(
        STEP_FREE, "accessibility", ("Accès sans marche", "ولوج بدون أدراج", "Step-free access")
    ),
    FirstFeature("projector", "projector", ("Vidéoprojecteur", "جهاز عرض", "Projector")),
    FirstFeature("screen", "tv", ("Grand écran", "شاشة كبيرة", "Large screen")),
    FirstFeature("video", "video", ("Visioconférence", "التناظر المرئي", "Video conference")),
    FirstFeature("whiteboard", "presentation", ("Tableau blanc", "سبورة بيضاء", "Whiteboard")),
)


@dataclass(frozen=True)
class Calendar:
    """What a country's week looks like; weekdays count from Monday, which is 0."""

    weekend: tuple[int, ...]
    first_weekday: int

    @property
    def working_days(self) -> tuple[int, ...]:
        """The days between the weekends."""
        return tuple(day for day in range(7) if day not in self.weekend)


def calendar_of(country: str) -> Calendar:
    """The week of a country, from Unicode's territory data."""
    locale = Locale.parse(f"und_{country}")
    first, last = locale.weekend_start, locale.weekend_end
    weekend = [(first + days) % 7 for days in range((last - first) % 7 + 1)]
    return Calendar(tuple(sorted(weekend)), locale.first_week_day)


@transactional
def make_park(settings: Settings) -> list[str]:
    """Make what is missing of the first rows; says what was made. What is there stays as it is."""
    calendar = calendar_of(settings.site_country)
    made = []
    if not _has_any(Site):
        _make_site(settings, calendar)
        made.append("site")
    if not _has_any(Kind):
        _make_kinds()
        made.append("kinds")
    if not _has_any(Feature):
        _make_features()
        made.append("features")
    if not _has_any(Policy):
        session().add(Policy(names=POLICY_NAMES))
        made.append("policy")
    if not _has_any(Hours):
        _make_hours(settings, calendar)
        made.append("hours")
    for what in made:
        journal.write(None, "set_up", subject_kind=what, subject_id="first")
    return made


@transactional
def follow_zone(settings: Settings) -> bool:
    """Give the site the zone of the settings; says whether it had another. Raises FixedError once
    somebody has booked: what people booked are times on the clocks of the zone it has."""
    site = session().scalars(select(Site).with_for_update()).one()
    before, after = site.zone, settings.site_zone
    if before == after:
        return False
    if ahead.has_any():
        raise FixedError(("zone",))
    site.zone = str(zones.zone(after))
    journal.write(
        None,
        "site_changed",
        subject_kind="site",
        subject_id=str(site.id),
        before={"zone": before},
        after={"zone": after},
    )
    revisions.bump(revisions.Scope.FLOOR, inventory.floors_with(Resource.id.is_not(None)))
    return True


@transactional
def invite_operator(email: str, language: str) -> str | None:
    """A link for the first operator to choose a password; None when they have one already."""
    person = queries.person_by_email(email)
    if person is None:
        name = email.partition("@")[0]
        person = service.create_person(Newcomer(email=email, name=name, language=language))
    if not _is_operator(person):
        service.give(person, Given(Role.OPERATOR))
    return None if person.password_hash else links.make_link(person)


def _make_site(settings: Settings, calendar: Calendar) -> None:
    zones.zone(settings.site_zone)  # refuse a zone that does not exist before it is stored
    session().add(
        Site(
            names={settings.default_language: settings.site_name},
            zone=settings.site_zone,
            country=settings.site_country,
            weekend=",".join(map(str, calendar.weekend)),
            first_weekday=calendar.first_weekday,
            currency=settings.site_currency,
            uid_domain=urlsplit(settings.public_url).hostname or "localhost",
            legal_notice={},
        )
    )


def _make_kinds() -> None:
    for kind in FIRST_KINDS:
        names = dict(zip(("fr", "ar", "en"), kind.names, strict=True))
        session().add(Kind(code=kind.code, names=names, icon=kind.icon, behaves=kind.behaves))


def _make_features() -> None:
    for feature in FIRST_FEATURES:
        names = dict(zip(("fr", "ar", "en"), feature.names, strict=True))
        session().add(Feature(code=feature.code, names=names, icon=feature.icon))


def _make_hours(settings: Settings, calendar: Calendar) -> None:
    hours = Hours(names=HOURS_NAMES)
    session().add(hours)
    session().flush()
    today = clock.today(zones.zone(settings.site_zone))
    version = HoursVersion(hours_id=hours.id, valid_from=today)
    session().add(version)
    session().flush()
    spans = [
        {"version_id": version.id, "weekday": day, "opens": OPENS, "closes": CLOSES}
        for day in calendar.working_days
    ]
    session().execute(insert(HoursSpan), spans)


def _has_any(model: type[Model]) -> bool:
    return session().execute(select(model).limit(1)).first() is not None


def _is_operator(person: Person) -> bool:
    found = select(Grant.id).where(Grant.person_id == person.id, Grant.role == Role.OPERATOR)
    return session().scalar(found) is not None
