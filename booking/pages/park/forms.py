"""The forms in which operators describe the park: each shows a draft and reads one back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec
from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from wtforms import (
    BooleanField,
    Field,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput

from booking.core.errors import InvalidError, PlacesNeededError, Problem
from booking.core.fields import DayField, DegreesField, DurationField, NamesField, NumberField
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, format_day, locale, name_in
from booking.core.refusals import QuotaPeriod, WhoMayBook
from booking.pages.park import texts
from booking.pages.park.layouts import LayoutsField
from booking.policies.drafts import PolicyDraft
from booking.policies.models import Shown
from booking.profiles.drafts import PeriodDraft, ProfileDraft, ProfileWeekDraft
from booking.spaces.drafts import (
    AreaDraft,
    BuildingDraft,
    DayDraft,
    Draft,
    FeatureDraft,
    FloorDraft,
    HoursDraft,
    KindDraft,
    ResourceDraft,
    SiteDraft,
    SpanDraft,
    Stored,
    WeekDraft,
)
from booking.spaces.icons import ICONS
from booking.spaces.models import Behaviour, ResourceState
from booking.spaces.service import CodesTakenError
from booking.spaces.words import weekday_name

AnyDraft = TypeVar("AnyDraft", bound=Draft)
Rows = tuple[tuple[str, ...], ...]

NAMES = lazy_gettext("Name")
NAMES_HELP = lazy_gettext("One language is enough; readers of the others then see this one.")
CODE = lazy_gettext("Code")
CLOSES = lazy_gettext("Closes on public holidays")
OPTIONAL = [Optional()]


class IconField(RadioField):
    """One of the icons there are."""


class ChecksField(SelectMultipleField):
    """Any of several, as check boxes."""

    option_widget = CheckboxInput()


class DraftForm(PageForm, Generic[AnyDraft]):
    """A form about one draft; `ROWS` says which fields stand side by side.

    `seen` is the mark of what the form showed when it was opened.
    """

    DRAFT: ClassVar[type[Draft]]
    ROWS: ClassVar[Rows] = ()

    seen = HiddenField()
    idempotency_key = HiddenField()

    def offer(self) -> Self:
        """Fill in what can be chosen; forms without such fields have nothing to do."""
        return self

    @property
    def rows(self) -> list[list[Field]]:
        """The fields that stand side by side, row by row; a form may have been given fewer."""
        rows = [[self[name] for name in row if name in self] for row in self.ROWS]
        return [row for row in rows if row]

    def fields_of(self, name: str) -> tuple[str, ...]:
        """The fields in which a value of the draft stands."""
        return (name,)

    @classmethod
    def showing(cls, draft: Draft) -> Self:
        """The form as it stands for a draft."""
        values = {name: getattr(draft, name) for name in draft.__struct_fields__}
        return cls(formdata=None, **values).offer()

    def to_draft(self) -> AnyDraft:
        """What was typed; the form has been validated. A field that was not sent has the value
        that the draft gives it; raises InvalidError where it gives none."""
        sent = {name: self.value_of(name) for name in self.DRAFT.__struct_fields__}
        values = {name: value for name, value in sent.items() if value is not None}
        missing = {
            field.name: Problem.MISSING
            for field in msgspec.structs.fields(self.DRAFT)
            if field.required and field.name not in values
        }
        if missing:
            raise InvalidError(missing)
        return self.DRAFT(**values)  # type: ignore[return-value]  # the class says which

    def value_of(self, name: str) -> Any:  # Any: each field has its own type
        """What a field says about a member of the draft."""
        return self[name].data if name in self else None

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)

    def in_words(self, name: str) -> str:
        """What stands in a field, for somebody who compares."""
        return _in_words(self[name])


def _in_words(field: Field) -> str:
    if isinstance(field, LayoutsField):
        return field.in_words
    if isinstance(field, NamesField):
        return " · ".join(text for _code, text in field.texts if text)
    if isinstance(field, BooleanField):
        return _("Yes") if field.data else _("No")
    if isinstance(field, SelectField | SelectMultipleField):
        chosen = [str(label) for _value, label, selected, _kw in field.iter_choices() if selected]
        return ", ".join(chosen)
    if isinstance(field, DurationField):
        units = {"minutes": _("minutes"), "hours": _("hours"), "days": _("days")}
        return f"{field.number} {units[field.unit]}"
    if isinstance(field, DayField):
        return format_day(field.data) if field.data else ""
    return "" if field.data is None else str(field.data)


def _select(pairs: Iterable[tuple[object, str]]) -> list[Any]:  # Any: WTForms' own choices
    return [SelectChoice(value, label) for value, label in pairs]


def _icons() -> list[Any]:  # Any: as above
    return _select((name, str(texts.ICON_NAMES[name])) for name in ICONS)


# --- the site ---


class SiteForm(DraftForm[SiteDraft]):
    """The site."""

    DRAFT = SiteDraft
    ROWS: ClassVar[Rows] = (
        ("names",),
        ("country", "currency"),
        ("first_weekday",),
        ("weekend",),
    )

    names = NamesField(NAMES, description=NAMES_HELP)
    country = SelectField(lazy_gettext("Country"), validate_choice=False)
    currency = SelectField(lazy_gettext("Currency"), validate_choice=False)
    first_weekday = SelectField(
        lazy_gettext("The week begins on"), coerce=int, validate_choice=False
    )
    weekend = ChecksField(lazy_gettext("Weekend"), coerce=int, validate_choice=False)
    kept: Mapping[str, str] = {}

    def offer(self) -> Self:
        territories = {
            code: name
            for code, name in locale().territories.items()
            if len(code) == 2 and code.isalpha() and _has_locale(code)
        }
        self.country.choices = _select(sorted(territories.items(), key=lambda pair: pair[1]))
        currencies = sorted(
            list_currencies(Locale.parse("und_001")) | {self.currency.data or "MAD"}
        )
        self.currency.choices = _select(
            (code, f"{code} – {locale().currencies.get(code, code)}") for code in currencies
        )
        days = [(number, weekday_name(number)) for number in range(7)]
        self.first_weekday.choices = _select(days)
        self.weekend.choices = _select(days)
        return self

    def value_of(self, name: str) -> Any:  # Any: as above
        if name == "weekend":
            return tuple(self.weekend.data or ())
        return self.kept.get(name) or super().value_of(name)

    def keep(self, stored: SiteDraft, *, has_reservations: bool) -> Self:
        """Offer no other zone than there is, and no other country once somebody has booked."""
        self.kept = {"zone": stored.zone}
        if has_reservations:
            self.kept = {"zone": stored.zone, "country": stored.country}
            if "country" in self:
                del self.country
        return self


def _has_locale(territory: str) -> bool:
    try:
        return bool(Locale.parse(f"und_{territory}").territory)
    except (UnknownLocaleError, ValueError):
        return False


# --- buildings, floors, areas ---


class BuildingForm(DraftForm[BuildingDraft]):
    """A building."""

    DRAFT = BuildingDraft
    ROWS: ClassVar[Rows] = (
        ("code",),
        ("address",),
        ("names",),
        ("way_in",),
        ("step_free_note",),
        ("latitude", "longitude"),
    )

    code = StringField(
        CODE, description=lazy_gettext("Short, for signs and addresses, for instance ATLAS.")
    )
    names = NamesField(NAMES, description=NAMES_HELP)
    address = StringField(lazy_gettext("Address"), OPTIONAL)
    way_in = NamesField(lazy_gettext("Way in"), validators=OPTIONAL, multiline=True)
    step_free_note = NamesField(
        lazy_gettext("Without steps"),
        validators=OPTIONAL,
        multiline=True,
        description=lazy_gettext("How somebody in a wheelchair comes in and up."),
    )
    latitude = DegreesField(lazy_gettext("Latitude"), OPTIONAL)
    longitude = DegreesField(lazy_gettext("Longitude"), OPTIONAL)


class FloorForm(DraftForm[FloorDraft]):
    """A floor; the buildings to choose from come with `choices`."""

    DRAFT = FloorDraft
    ROWS: ClassVar[Rows] = (("building", "level"), ("names",))

    building = SelectField(lazy_gettext("Building"), validate_choice=False)
    level = NumberField(
        lazy_gettext("Level"),
        description=lazy_gettext("0 is the ground floor, -1 the one below it."),
        default=0,
    )
    names = NamesField(NAMES, description=NAMES_HELP)


class AreaForm(DraftForm[AreaDraft]):
    """An area; the floors to choose from come with `choices`."""

    DRAFT = AreaDraft
    ROWS: ClassVar[Rows] = (("floor", "code"), ("names",))

    floor = SelectField(lazy_gettext("Floor"), coerce=int, validate_choice=False)
    code = StringField(
        CODE, description=lazy_gettext("Short and unique in the park, for instance A0-PATIO.")
    )
    names = NamesField(NAMES, description=NAMES_HELP)


# --- kinds and features ---


class KindForm(DraftForm[KindDraft]):
    """A kind of resource."""

    DRAFT = KindDraft
    ROWS: ClassVar[Rows] = (("code",), ("names",), ("behaves",), ("icon",))

    code = StringField(
        CODE,
        description=lazy_gettext("Stands in addresses and imports, like meeting_room."),
    )
    names = NamesField(NAMES, description=NAMES_HELP)
    behaves = RadioField(lazy_gettext("It behaves like"), coerce=Behaviour, default=Behaviour.ROOM)
    icon = IconField(lazy_gettext("Icon"), default="box", validate_choice=False)

    def offer(self) -> Self:
        self.behaves.choices = _select(texts.BEHAVIOURS.items())
        self.icon.choices = _icons()
        return self


class FeatureForm(DraftForm[FeatureDraft]):
    """A feature."""

    DRAFT = FeatureDraft
    ROWS: ClassVar[Rows] = (("code",), ("names",), ("icon",))

    code = StringField(
        CODE, description=lazy_gettext("Stands in addresses and imports, like projector.")
    )
    names = NamesField(NAMES, description=NAMES_HELP)
    icon = IconField(lazy_gettext("Icon"), default="box", validate_choice=False)

    def offer(self) -> Self:
        self.icon.choices = _icons()
        return self


# --- resources ---


class ResourceForm(DraftForm[ResourceDraft]):
    """One resource."""

    DRAFT = ResourceDraft
    ROWS: ClassVar[Rows] = (
        ("code", "kind"),
        ("area",),
        ("names",),
        ("policy", "hours"),
        ("capacity", "units"),
        ("layouts",),
        ("features",),
        ("state",),
        ("out_of_order_reason", "expected_back"),
    )

    code = StringField(CODE)
    kind = SelectField(lazy_gettext("Kind"), validate_choice=False)
    area = SelectField(lazy_gettext("Area"), validate_choice=False)
    names = NamesField(
        NAMES,
        validators=OPTIONAL,
        description=lazy_gettext("Left empty, it is called by its kind and its code."),
    )
    policy = SelectField(lazy_gettext("Policy"), coerce=int, validate_choice=False)
    hours = SelectField(lazy_gettext("Opening hours"), coerce=int, validate_choice=False)
    capacity = NumberField(lazy_gettext("Capacity"), default=1)
    units = NumberField(
        lazy_gettext("Places of a pool"),
        default=1,
        description=lazy_gettext(
            "1 unless these are interchangeable places without names of their own, like ten seats"
            " of an open lab. Desks that people choose are spaces of their own."
        ),
    )
    layouts = LayoutsField(
        lazy_gettext("Layouts"),
        description=lazy_gettext(
            "The ways in which this room can be set out, for how many people, and how many minutes"
            " that takes. Who books chooses one, or the room as it stands. The time to set up is"
            " kept free before; where the policy asks for more, that counts."
        ),
    )
    features = ChecksField(lazy_gettext("Features"), validate_choice=False)
    state = RadioField(
        lazy_gettext("Condition"), coerce=ResourceState, default=ResourceState.IN_ORDER
    )
    out_of_order_reason = StringField(lazy_gettext("What is wrong"), OPTIONAL)
    expected_back = DayField(
        lazy_gettext("Works again on"),
        OPTIONAL,
        description=lazy_gettext("From this day on it can be booked again."),
    )

    def show(self, error: InvalidError) -> None:
        """Of a pool that would be too small, say how many places are taken."""
        if isinstance(error, PlacesNeededError):
            self.units.errors = [*self.units.errors, texts.needed(error.needed)]
        else:
            super().show(error)

    def offer(self) -> Self:
        self.state.choices = _select(texts.CONDITIONS.items())
        return self

    def value_of(self, name: str) -> Any:  # Any: as above
        if name == "features":
            return tuple(self.features.data or ())
        return super().value_of(name)


class NewResourcesForm(ResourceForm):
    """One resource or several alike."""

    ROWS: ClassVar[Rows] = ResourceForm.ROWS[:-2]

    code = StringField(
        CODE,
        description=lazy_gettext(
            "One code, or several at once: A-01..A-40 makes forty spaces that are alike."
        ),
    )

    def show(self, error: InvalidError) -> None:
        """Of codes that exist, say which."""
        if isinstance(error, CodesTakenError):
            self.code.errors = [*self.code.errors, texts.taken(error.codes)]
        else:
            super().show(error)


class PartsForm(PageForm):
    """Which spaces are taken with one."""

    parts = StringField(
        lazy_gettext("Taking this space also takes"),
        description=lazy_gettext(
            "The codes of the spaces, with commas between them; empty for none. What is reserved"
            " ahead takes them from now on, too."
        ),
    )
    seen = HiddenField()

    @property
    def codes(self) -> list[str]:
        """What was typed, one by one."""
        return [code.strip() for code in (self.parts.data or "").split(",") if code.strip()]

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)


class PhotoForm(PageForm):
    """A picture and what it shows."""

    picture = FileField(
        lazy_gettext("Picture"),
        description=lazy_gettext("PNG, JPEG or WebP, at most 5 MB."),
    )
    description = NamesField(
        lazy_gettext("What it shows"),
        description=lazy_gettext("For people who cannot see it. One language is enough."),
    )

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem(field, problem)


# --- opening hours ---


class SpansField(StringField):
    """The times of a day as one line: 08:00–12:00, 14:00–18:30. Empty is closed."""

    def process_data(self, value: object) -> None:
        spans: Iterable[SpanDraft] = value if isinstance(value, tuple) else ()
        self.data = ", ".join(f"{span.opens}–{span.closes}" for span in spans)

    @property
    def spans(self) -> tuple[SpanDraft, ...]:
        """What was typed; raises InvalidError."""
        return texts.spans_from(self.name, self.data or "")


class DaysForm(DraftForm[AnyDraft]):
    """The days of a week."""

    ROWS: ClassVar[Rows] = tuple((f"day_{number}",) for number in range(7))
    FIELD_OF: ClassVar[Mapping[str, str]] = {
        f"week.{number}": f"day_{number}" for number in range(7)
    }

    day_0 = SpansField()
    day_1 = SpansField()
    day_2 = SpansField()
    day_3 = SpansField()
    day_4 = SpansField()
    day_5 = SpansField()
    day_6 = SpansField()

    def offer(self) -> Self:
        for number in range(7):
            self[f"day_{number}"].label.text = weekday_name(number)
        return self

    def fields_of(self, name: str) -> tuple[str, ...]:
        return tuple(f"day_{number}" for number in range(7)) if name == "week" else (name,)

    @classmethod
    def showing(cls, draft: Draft) -> Self:
        values = {name: getattr(draft, name) for name in draft.__struct_fields__}
        week = values.pop("week")
        days = {f"day_{number}": spans for number, spans in enumerate(week)}
        return cls(formdata=None, **values, **days).offer()

    def value_of(self, name: str) -> Any:  # Any: as above
        return _each_day(self) if name == "week" else super().value_of(name)


class WeekForm(DaysForm[WeekDraft]):
    """A week from a day on."""

    DRAFT = WeekDraft
    ROWS: ClassVar[Rows] = (("valid_from",), *DaysForm.ROWS)

    valid_from = DayField(
        lazy_gettext("Holds from"),
        description=lazy_gettext("Until the day before, the hours stay as they are."),
    )
    confirmed = HiddenField()


def _each_day(form: DaysForm[Any]) -> tuple[tuple[SpanDraft, ...], ...]:
    """The spans of all days; raises one InvalidError for all that cannot be read."""
    problems: dict[str, Problem] = {}
    week = []
    for number in range(7):
        line = form[f"day_{number}"]
        assert isinstance(line, SpansField)
        try:
            week.append(line.spans)
        except InvalidError as error:
            problems |= error.fields
    if problems:
        raise InvalidError(problems)
    return tuple(week)


class HoursForm(WeekForm):
    """A new set: its name and its first week."""

    ROWS: ClassVar[Rows] = (("names",), *WeekForm.ROWS, ("closes_on_holidays",))

    names = NamesField(NAMES, description=NAMES_HELP)
    closes_on_holidays = BooleanField(CLOSES, default=True)


class HoursNameForm(DraftForm[HoursDraft]):
    """The name of a set."""

    DRAFT = HoursDraft
    ROWS: ClassVar[Rows] = (("names",), ("closes_on_holidays",))

    names = NamesField(NAMES, description=NAMES_HELP)
    closes_on_holidays = BooleanField(CLOSES)


class ProfileForm(DraftForm[ProfileDraft]):
    """A profile: its name."""

    DRAFT = ProfileDraft
    ROWS: ClassVar[Rows] = (("names",),)

    names = NamesField(NAMES, description=NAMES_HELP)


class ProfileWeekForm(DaysForm[ProfileWeekDraft]):
    """The week of a set of hours under a profile; `seen` is the mark of what was shown, `left` of
    whom it would leave outside."""

    DRAFT = ProfileWeekDraft

    left = HiddenField()


class PeriodForm(DraftForm[PeriodDraft]):
    """From when to when a profile holds, and whether that is announced."""

    DRAFT = PeriodDraft
    ROWS: ClassVar[Rows] = (("first_day", "last_day"), ("is_announced",))

    first_day = DayField(lazy_gettext("First day"))
    last_day = DayField(lazy_gettext("Last day"))
    is_announced = BooleanField(
        lazy_gettext("The dates are announced"),
        description=lazy_gettext(
            "These hours hold then. Without it the usual hours go on, and a reservation that would"
            " lie outside these is accepted subject to announcement."
        ),
    )
    left = HiddenField()

    def problem_text(self, field: str, problem: Problem) -> str:
        found = {
            ("first_day", Problem.REUSED): _("Another period has some of these days."),
            ("first_day", Problem.OUT_OF_RANGE): _("What is past stays as it was."),
            ("last_day", Problem.OUT_OF_RANGE): _(
                "It ends on its first day or later, not in the past, and within a year."
            ),
        }
        return found.get((field, problem)) or super().problem_text(field, problem)


class DayForm(DraftForm[DayDraft]):
    """A day with hours of its own."""

    DRAFT = DayDraft
    ROWS: ClassVar[Rows] = (("day", "spans"), ("names",))

    day = DayField(lazy_gettext("Day"))
    spans = SpansField(
        lazy_gettext("Open"),
        description=lazy_gettext("For instance 08:00–12:00, 14:00–18:30. Empty is closed."),
    )
    names = NamesField(
        lazy_gettext("Why"),
        validators=OPTIONAL,
        description=lazy_gettext("For instance the name of the holiday."),
    )
    confirmed = HiddenField()

    def value_of(self, name: str) -> Any:  # Any: as above
        return self.spans.spans if name == "spans" else super().value_of(name)


# --- policies ---


class PolicyForm(DraftForm[PolicyDraft]):
    """A policy."""

    DRAFT = PolicyDraft
    ROWS: ClassVar[Rows] = (
        ("names",),
        ("who_may_book",),
        ("asks_for_authorisation",),
        ("horizon", "notice"),
        ("series_horizon",),
        ("shortest", "longest", "granularity"),
        ("setup_minutes", "cleanup_minutes"),
        ("person_quota_minutes", "person_quota_count", "person_quota_period"),
        ("organisation_quota_minutes", "organisation_quota_count", "organisation_quota_period"),
        ("needs_approval",),
        ("holds_while_pending",),
        ("decide_within",),
        ("own_request_may_be_decided",),
        ("asks_for_check_in",),
        ("grace_minutes",),
        ("others_see",),
    )

    names = NamesField(NAMES, description=NAMES_HELP)
    who_may_book = RadioField(lazy_gettext("Who may book"), coerce=WhoMayBook)
    asks_for_authorisation = BooleanField(
        lazy_gettext("People need an authorisation"),
        description=lazy_gettext(
            "Lab managers of these spaces give it to a person until a day. It is asked for at"
            " whatever is booked or moved from now on."
        ),
    )
    horizon = NumberField(lazy_gettext("Bookable so many days ahead"), default=60)
    series_horizon = NumberField(
        lazy_gettext("Recurring so many days ahead"),
        validators=OPTIONAL,
        description=lazy_gettext("Empty: as far ahead as single reservations."),
    )
    notice = DurationField(
        lazy_gettext("Notice"),
        default=0,
        description=lazy_gettext("How long before the start a booking must be made; 0 for none."),
    )
    shortest = DurationField(lazy_gettext("Shortest"), default=30)
    longest = DurationField(lazy_gettext("Longest"), default=12 * 60)
    granularity = DurationField(
        lazy_gettext("In steps of"),
        default=15,
        description=lazy_gettext("A multiple of 5 minutes."),
    )
    setup_minutes = DurationField(
        lazy_gettext("Set-up before"),
        default=0,
        description=lazy_gettext(
            "How long the space stays free before each reservation; 0 for not at all. It holds for"
            " what is booked or moved from now on."
        ),
    )
    cleanup_minutes = DurationField(
        lazy_gettext("Cleaning after"),
        default=0,
        description=lazy_gettext(
            "How long it stays free after each. What is reserved already keeps what it has."
        ),
    )
    person_quota_minutes = DurationField(
        lazy_gettext("Time one person may have"),
        validators=OPTIONAL,
        description=lazy_gettext(
            "In all spaces of this policy together. Empty: as much as they like."
        ),
    )
    person_quota_count = NumberField(
        lazy_gettext("Reservations one person may have"), validators=OPTIONAL
    )
    person_quota_period = SelectField(
        lazy_gettext("Period for one person"), coerce=QuotaPeriod, default=QuotaPeriod.WEEK
    )
    organisation_quota_minutes = DurationField(
        lazy_gettext("Time one organisation may have"),
        validators=OPTIONAL,
        description=lazy_gettext("Of all its members together. Empty: as much as they like."),
    )
    organisation_quota_count = NumberField(
        lazy_gettext("Reservations one organisation may have"), validators=OPTIONAL
    )
    organisation_quota_period = SelectField(
        lazy_gettext("Period for one organisation"), coerce=QuotaPeriod, default=QuotaPeriod.WEEK
    )
    needs_approval = BooleanField(lazy_gettext("A lab manager must approve"))
    holds_while_pending = BooleanField(
        lazy_gettext("The place is held until the decision"), default=True
    )
    decide_within = DurationField(lazy_gettext("Time to decide"), default=48 * 60)
    own_request_may_be_decided = BooleanField(
        lazy_gettext("Lab managers may decide on their own requests")
    )
    asks_for_check_in = BooleanField(lazy_gettext("People confirm their presence"))
    grace_minutes = DurationField(
        lazy_gettext("Time to confirm after the start"),
        default=15,
        description=lazy_gettext("Only where presence is confirmed."),
    )
    others_see = RadioField(lazy_gettext("What others see of a reservation"), coerce=Shown)

    def offer(self) -> Self:
        self.who_may_book.choices = _select(texts.WHO_MAY_BOOK.items())
        self.others_see.choices = _select(texts.OTHERS_SEE.items())
        self.person_quota_period.choices = _select(texts.QUOTA_PERIODS.items())
        self.organisation_quota_period.choices = _select(texts.QUOTA_PERIODS.items())
        return self


# --- what can be chosen of what there is ---


def named(stored: Iterable[Stored[Any]], value: Callable[[Stored[Any]], object]) -> list[Any]:
    """Choices called by their names. Any: WTForms' own, and drafts of any kind."""
    return _select((value(one), name_in(one.draft.names)) for one in stored)
