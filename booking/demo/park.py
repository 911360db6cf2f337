"""The rows of the demo park's buildings, resources, policies and opening hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.closures.proposals import NAMES
from booking.core import zones
from booking.core.intervals import Span
from booking.demo.chance import public_id, stream
from booking.demo.pictures import picture_of
from booking.demo.places import (
    BREAKDOWNS,
    BUILDINGS,
    ESTIMATED,
    FEATURES,
    FLOOR_NAMES,
    HOLIDAYS,
    HOURS,
    KINDS,
    LEGAL_NOTICE,
    PICTURED,
    POLICIES,
    RAMADAN_DAY,
    RAMADANS,
    SITE,
    STOCKTAKING,
    AreaPlan,
    BuildingPlan,
    KindPlan,
    Names,
    PolicyPlan,
    ResourcePlan,
)
from booking.demo.rows import Row, Rows
from booking.house.models import THE_HOUSE, House
from booking.house.rules import Retention
from booking.policies.models import Policy
from booking.profiles.proposals import NAMES as RAMADAN_NAMES
from booking.spaces.models import (
    Area,
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
    Photo,
    Profile,
    ProfileCode,
    ProfilePeriod,
    ProfileSpan,
    ProfileWeek,
    Resource,
    ResourceFeature,
    ResourcePart,
    ResourceState,
    Site,
)

BUILT_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
OPEN_SINCE = date(2020, 1, 1)
HOLIDAYS_AHEAD = 300  # days
DAYS = 45  # loaded on either side of today
STOCKTAKING_FROM = 17  # the first weekday so many days ahead is closed
CONTROLLER = "Parc de démonstration"
CONTROLLER_ADDRESS = "Boulevard Sidi Othmane, Casablanca"
COUNTRY, CURRENCY, WEEKEND = "MA", "MAD", "5,6"


@dataclass(frozen=True)
class Calendar:
    """The days of the park: today, its zone, and the days off of the loaded months."""

    today: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        """Every loaded day."""
        return [self.today + timedelta(days=offset) for offset in range(-DAYS, DAYS + 1)]

    @property
    def days_off(self) -> dict[date, Names]:
        """Public holidays at fixed dates."""
        found = {day: HOLIDAYS.get((day.month, day.day)) for day in self.days}
        return {day: dict(NAMES[code]) for day, code in found.items() if code is not None}

    @property
    def stocktaking(self) -> date:
        """A weekday on which only the coworking building stays closed."""
        day = self.today + timedelta(days=STOCKTAKING_FROM)
        while day.weekday() > 4 or day in self.days_off:
            day += timedelta(days=1)
        return day

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """The instant of a wall clock time."""
        return zones.reached(datetime.combine(day, time(hour, minute)), self.zone)


@dataclass
class Park:
    """The rows, and the numbers of what others refer to by code."""

    rows: Rows = field(default_factory=Rows)
    buildings: dict[str, int] = field(default_factory=dict)
    areas: dict[str, int] = field(default_factory=dict)
    resources: dict[str, int] = field(default_factory=dict)


def build(calendar: Calendar, uid_domain: str) -> Park:
    """Everything that stands before anybody comes."""
    park = Park()
    park.rows.add(Site, [_site(calendar, uid_domain)])
    park.rows.add(House, [_house(uid_domain)])
    kinds = _numbered(KINDS)
    park.rows.add(
        Kind,
        [{"id": kinds[code], "code": code, **_fields(plan)} for code, plan in KINDS.items()],
    )
    park.rows.add(
        Feature,
        [
            {"id": number, "code": code, "names": FEATURES[code][0], "icon": FEATURES[code][1]}
            for code, number in _numbered(FEATURES).items()
        ],
    )
    park.rows.add(
        Policy,
        [
            {"id": number, "own_request_may_be_decided": False, **_fields(POLICIES[code])}
            for code, number in _numbered(POLICIES).items()
        ],
    )
    _open(park, calendar)
    builder = _Builder(park, calendar)
    for building in BUILDINGS:
        builder.erect(building)
    park.rows.add(Photo, _photos(park))
    return park


def _site(calendar: Calendar, uid_domain: str) -> Row:
    return {
        "id": 1,
        "names": SITE,
        "zone": str(calendar.zone),
        "country": COUNTRY,
        "region": None,
        "weekend": WEEKEND,
        "first_weekday": 0,
        "currency": CURRENCY,
        "uid_domain": uid_domain,
        "legal_notice": LEGAL_NOTICE,
    }


def _house(uid_domain: str) -> Row:
    """Who answers for personal data in the invented park; how long it is kept is as by default."""
    return {
        "id": THE_HOUSE,
        "controller": CONTROLLER,
        "controller_address": CONTROLLER_ADDRESS,
        "privacy_contact": f"donnees@{uid_domain}",
        "cndp_receipt": "D-000-DEMO/2026",
        **{f"keep_{name}": number for name, number in asdict(Retention()).items()},
    }


def _open(park: Park, calendar: Calendar) -> None:
    """The sets of hours, their weeks, and the days that are different."""
    numbers = _numbered(HOURS)
    park.rows.add(
        Hours,
        [
            {
                "id": numbers[code],
                "names": HOURS[code].names,
                "closes_on_holidays": code != "always",
            }
            for code in HOURS
        ],
    )
    park.rows.add(Holiday, _holidays(calendar))
    park.rows.add(
        HoursVersion,
        [
            {"id": number, "hours_id": number, "valid_from": OPEN_SINCE}
            for number in numbers.values()
        ],
    )
    park.rows.add(
        HoursSpan,
        [
            {"version_id": numbers[code], "weekday": weekday, **_minutes(span)}
            for code, plan in HOURS.items()
            for weekday, spans in enumerate(plan.week)
            for span in spans
        ],
    )
    closed = [
        (code, day, names)
        for code in HOURS
        if code != "always"
        for day, names in calendar.days_off.items()
        if day <= calendar.today  # what lies ahead is announced, and closed by the worker
    ]
    closed.append(("coworking", calendar.stocktaking, STOCKTAKING))
    _add_profile(park, calendar, numbers)
    park.rows.add(
        HoursException,
        [
            {"hours_id": numbers[code], "day": day, "opens": None, "closes": None, "names": names}
            for code, day, names in closed
        ],
    )


def _add_profile(park: Park, calendar: Calendar, numbers: dict[str, int]) -> None:
    """The hours of Ramadan, of what is not open around the clock; its dates are estimated."""
    park.rows.add(
        Profile, [{"id": 1, "site_id": 1, "names": RAMADAN_NAMES, "code": ProfileCode.RAMADAN}]
    )
    following = [code for code in HOURS if code != "always"]
    park.rows.add(
        ProfileWeek,
        [
            {"id": n, "profile_id": 1, "hours_id": numbers[code], "valid_from": OPEN_SINCE}
            for n, code in enumerate(following, 1)
        ],
    )
    park.rows.add(
        ProfileSpan,
        [
            {"week_id": n, "weekday": weekday, **_minutes(RAMADAN_DAY)}
            for n, code in enumerate(following, 1)
            for weekday, spans in enumerate(HOURS[code].week)
            if spans and weekday not in (5, 6)
        ],
    )
    chance = stream("profiles")
    coming = [one for one in RAMADANS if one[1] > calendar.today][:1]
    park.rows.add(
        ProfilePeriod,
        [
            {
                "id": n,
                "public_id": public_id(chance, BUILT_AT),
                "profile_id": 1,
                "first_day": first,
                "last_day": last,
                "state": PeriodState.ESTIMATED,
                "hijri_year": year,
            }
            for n, (year, first, last) in enumerate(coming, 1)
        ],
    )


def _holidays(calendar: Calendar) -> list[Row]:
    """Those of the coming months, as taken over from the calendar; later ones are still to be."""
    chance = stream("holidays")
    days = (calendar.today + timedelta(days=ahead) for ahead in range(1, HOLIDAYS_AHEAD))
    known = ((day, HOLIDAYS.get((day.month, day.day)), ESTIMATED.get(day)) for day in days)
    return [
        {
            "id": number,
            "public_id": public_id(chance, BUILT_AT),
            "site_id": 1,
            "day": day,
            "names": NAMES[sure or estimated or ""],
            "state": HolidayState.ANNOUNCED if sure else HolidayState.ESTIMATED,
            "code": sure or estimated,
            "proposed_for": day,
        }
        for number, (day, sure, estimated) in enumerate(
            (one for one in known if one[1] or one[2]), 1
        )
    ]


def _minutes(span: Span) -> Row:
    return {"opens": span.opens, "closes": span.closes}


class _Builder:
    """Buildings with their floors, areas and resources, numbered as they come."""

    def __init__(self, park: Park, calendar: Calendar) -> None:
        self._park = park
        self._calendar = calendar
        self._ids = stream("places")
        self._kinds, self._features = _numbered(KINDS), _numbered(FEATURES)
        self._policies, self._hours = _numbered(POLICIES), _numbered(HOURS)
        self._broken = {breakdown.code: breakdown for breakdown in BREAKDOWNS}
        self._floors = 0

    def erect(self, plan: BuildingPlan) -> None:
        """A building and all that is in it."""
        building_id = len(self._park.buildings) + 1
        self._park.buildings[plan.code] = building_id
        values = {name: value for name, value in _fields(plan).items() if name != "floors"}
        self._park.rows.add(Building, [{"id": building_id, "site_id": 1, **values}])
        for floor in plan.floors:
            self._floors += 1
            self._park.rows.add(
                Floor,
                [
                    {
                        "id": self._floors,
                        "building_id": building_id,
                        "level": floor.level,
                        "names": FLOOR_NAMES[floor.level],
                    }
                ],
            )
            for area in floor.areas:
                self._furnish(area, self._floors)

    def _furnish(self, plan: AreaPlan, floor_id: int) -> None:
        area_id = len(self._park.areas) + 1
        self._park.areas[plan.code] = area_id
        self._park.rows.add(
            Area, [{"id": area_id, "floor_id": floor_id, "code": plan.code, "names": plan.names}]
        )
        for resource in plan.resources:
            resource_id = len(self._park.resources) + 1
            self._park.resources[resource.code] = resource_id
            self._park.rows.add(Resource, [self._resource(resource_id, area_id, resource)])
            self._park.rows.add(
                ResourceFeature,
                [
                    {"resource_id": resource_id, "feature_id": self._features[code]}
                    for code in resource.features
                ],
            )
            self._park.rows.add(
                Layout,
                [
                    {
                        "resource_id": resource_id,
                        "kind": kind,
                        "capacity": capacity,
                        "setup_minutes": minutes,
                    }
                    for kind, capacity, minutes in resource.layouts
                ],
            )
            self._park.rows.add(
                ResourcePart,
                [
                    {"resource_id": resource_id, "part_id": self._park.resources[code]}
                    for code in resource.parts
                ],
            )

    def _resource(self, resource_id: int, area_id: int, plan: ResourcePlan) -> Row:
        return {
            "id": resource_id,
            "public_id": public_id(self._ids, BUILT_AT + timedelta(seconds=resource_id)),
            "area_id": area_id,
            "kind_id": self._kinds[plan.kind],
            "policy_id": self._policies[plan.policy],
            "hours_id": self._hours[plan.hours],
            "code": plan.code,
            "names": plan.names,
            "capacity": plan.capacity,
            "units": plan.units,
            **self._condition(plan.code),
            "in_use_since": self._calendar.at(self._calendar.days[0], 0),
            "retired_at": None,
        }

    def _condition(self, code: str) -> Row:
        broken = self._broken.get(code)
        if broken is None:
            return {
                "state": ResourceState.IN_ORDER,
                "out_of_order_reason": None,
                "expected_back_at": None,
            }
        back = None if broken.back is None else self._calendar.today + timedelta(broken.back)
        return {
            "state": ResourceState.OUT_OF_ORDER,
            "out_of_order_reason": broken.reason,
            "expected_back_at": back and self._calendar.at(back, 8),
        }


def _photos(park: Park) -> list[Row]:
    """A picture of a few spaces of each kind."""
    kind_of = {
        resource.code: (resource.kind, resource.names)
        for building in BUILDINGS
        for floor in building.floors
        for area in floor.areas
        for resource in area.resources
    }
    numbers = stream("photos")
    rows = []
    for code in PICTURED:
        kind, names = kind_of[code]
        picture = picture_of(kind)
        rows.append(
            {
                "public_id": public_id(numbers, BUILT_AT),
                "resource_id": park.resources[code],
                "position": 0,
                "description": names,
                "width": picture.width,
                "height": picture.height,
                "large": picture.large,
                "small": picture.small,
                "created_at": BUILT_AT,
            }
        )
    return rows


def _numbered(plans: Mapping[str, object]) -> dict[str, int]:
    return {code: number for number, code in enumerate(plans, 1)}


def _fields(plan: KindPlan | PolicyPlan | BuildingPlan) -> Row:
    """The fields of a plan under the names of its columns; what is in it stays as it is."""
    return {one.name: getattr(plan, one.name) for one in fields(plan)}
