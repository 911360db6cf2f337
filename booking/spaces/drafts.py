"""What an operator says about a part of the park, as forms, the API and imports hand it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from booking.core.fingerprints import fingerprint
from booking.core.refusals import LayoutKind
from booking.spaces.models import Behaviour, ResourceState

# How the description of the API tells what the services check.
Names = Annotated[dict[str, str], msgspec.Meta(description="a text by language: fr, ar, en")]
Code = Annotated[str, msgspec.Meta(description="unique, at most 20 characters")]


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values as they were typed: the service checks them."""

    @property
    def values(self) -> dict[str, Any]:  # Any: what JSON can hold
        """The values as JSON has them, in the order of the fields."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


AnyDraft = TypeVar("AnyDraft", bound=Draft)


@dataclass(frozen=True)
class Stored(Generic[AnyDraft]):
    """Something there is: its key, what is said about it, and how much refers to it."""

    key: int
    draft: AnyDraft
    uses: int = 0

    @property
    def mark(self) -> str:
        """The fingerprint that a form or an ETag carries."""
        return fingerprint(self.draft.values)


class SiteDraft(Draft, frozen=True, kw_only=True):
    """The site; weekdays count from Monday, which is 0."""

    names: Names
    zone: str
    country: str
    weekend: tuple[int, ...]
    first_weekday: int
    currency: str


class BuildingDraft(Draft, frozen=True, kw_only=True):
    """A building."""

    code: Code
    names: Names
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    way_in: Names = {}
    step_free_note: Names = {}


class FloorDraft(Draft, frozen=True, kw_only=True):
    """A floor; `building` is the code of its building."""

    building: str
    level: int
    names: Names


class AreaDraft(Draft, frozen=True, kw_only=True):
    """An area; `floor` is the number under which the API lists its floor."""

    floor: int
    code: Code
    names: Names


class KindDraft(Draft, frozen=True, kw_only=True):
    """A kind of resource."""

    code: Code
    names: Names
    icon: str
    behaves: Behaviour


class FeatureDraft(Draft, frozen=True, kw_only=True):
    """A feature of resources."""

    code: Code
    names: Names
    icon: str


class LayoutDraft(Draft, frozen=True, kw_only=True):
    """A way in which a room can be set out: how many people it then takes, and how many minutes it
    takes to set up."""

    kind: LayoutKind
    capacity: int
    setup_minutes: int = 0


class ResourceDraft(Draft, frozen=True, kw_only=True):
    """A resource. Area, kind and features are meant by their codes, policy and hours by the numbers
    under which the API lists them; `expected_back` is the day on which it should work again."""

    code: Code
    names: Names = {}
    area: str
    kind: str
    policy: int
    hours: int
    capacity: int = 1
    units: int = 1
    layouts: tuple[LayoutDraft, ...] = ()
    features: tuple[str, ...] = ()
    state: ResourceState = ResourceState.IN_ORDER
    out_of_order_reason: str = ""
    expected_back: date | None = None


class HoursDraft(Draft, frozen=True, kw_only=True):
    """A set of opening hours, but for its weeks and its days."""

    names: Names
    closes_on_holidays: bool = True


class SpanDraft(Draft, frozen=True, kw_only=True):
    """From when to when, as the clock shows it: "08:00" to "24:00" at the latest."""

    opens: str
    closes: str


class WeekDraft(Draft, frozen=True, kw_only=True):
    """The week, Monday first, that holds from a day on; a day without spans is closed."""

    valid_from: date
    week: tuple[tuple[SpanDraft, ...], ...]


class DayDraft(Draft, frozen=True, kw_only=True):
    """A day with other hours, or none; its name says why."""

    day: date
    names: Names = {}
    spans: tuple[SpanDraft, ...] = ()


def facts(values: Mapping[str, Any]) -> dict[str, int | str | bool | None]:  # Any: as above
    """The values as the journal keeps them: one line for each text of each language."""
    found: dict[str, int | str | bool | None] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= {f"{name}.{language}": text for language, text in value.items()}
        elif isinstance(value, list | tuple):
            found[name] = ", ".join(map(_in_a_line, value))
        else:
            found[name] = str(value) if isinstance(value, float) else value
    return found


def _in_a_line(value: Any) -> str:  # Any: as above
    return ":".join(map(str, value.values())) if isinstance(value, dict) else str(value)
