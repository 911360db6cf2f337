"""The endpoints with which operators describe the park: everything the forms can do."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from flask import Blueprint, Response, request
from msgspec import UNSET, UnsetType

from booking.api.described import (
    PREFIX,
    Collection,
    changes_of,
    register,
    shown_of,
    with_changes,
)
from booking.core import listing, schema, web, zones
from booking.core.errors import NotFoundError
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Nothing, PublicId
from booking.core.web import accepts, acts, current_actor
from booking.policies import queries as policies
from booking.policies import service as policy_verbs
from booking.policies.drafts import PolicyDraft
from booking.profiles import changes
from booking.reservations import ahead, linking
from booking.reservations.ahead import Outside
from booking.spaces import inventory, numbering, photos, pictures, service, timetables
from booking.spaces.drafts import (
    AreaDraft,
    BuildingDraft,
    DayDraft,
    FeatureDraft,
    FloorDraft,
    HoursDraft,
    KindDraft,
    Names,
    ResourceDraft,
    SiteDraft,
    SpanDraft,
    WeekDraft,
)
from booking.spaces.inventory import StoredResource
from booking.spaces.photos import PhotoFacts

UPLOAD_LIMIT = pictures.MOST_BYTES + 1024 * 1024

blueprint = Blueprint("places_api", __name__, url_prefix=PREFIX)

COLLECTIONS: tuple[Collection[Any], ...] = (  # Any: each of its own kind of draft
    Collection(
        "building",
        "/buildings",
        BuildingDraft,
        inventory.buildings,
        inventory.building,
        service.add_building,
        service.change_building,
        service.remove_building,
    ),
    Collection(
        "floor",
        "/floors",
        FloorDraft,
        inventory.floors,
        inventory.floor,
        service.add_floor,
        service.change_floor,
        service.remove_floor,
    ),
    Collection(
        "area",
        "/areas",
        AreaDraft,
        inventory.areas,
        inventory.area,
        service.add_area,
        service.change_area,
        service.remove_area,
    ),
    Collection(
        "kind",
        "/kinds",
        KindDraft,
        inventory.kinds,
        inventory.kind,
        service.add_kind,
        service.change_kind,
        service.remove_kind,
    ),
    Collection(
        "feature",
        "/features",
        FeatureDraft,
        inventory.features,
        inventory.feature,
        service.add_feature,
        service.change_feature,
        service.remove_feature,
    ),
    Collection(
        "policy",
        "/policies",
        PolicyDraft,
        policies.policies,
        policies.policy,
        policy_verbs.add_policy,
        policy_verbs.change_policy,
        policy_verbs.remove_policy,
    ),
)
for collection in COLLECTIONS:
    register(blueprint, collection)


# --- the site ---

SiteShown, SiteChange = shown_of(SiteDraft), changes_of(SiteDraft)


@blueprint.get("/site")
@acts(Action.SEE_SPACES)
@schema.describes(query=Nothing, answer=SiteShown)
def site() -> Response:
    """What is said about the site."""
    schema.query(Nothing)
    return _site()


@blueprint.patch("/site")
@acts(Action.OPERATE)
@schema.describes(body=SiteChange, answer=SiteShown)
def change_site() -> Response:
    """Change what is named; the country only while nobody has booked, the zone never."""
    draft = with_changes(inventory.site().draft, schema.body(SiteChange))
    service.change_site(
        current_actor(), draft, has_reservations=ahead.has_any(), seen=listing.seen_mark()
    )
    return _site()


def _site() -> Response:
    stored = inventory.site()
    return listing.read({"id": stored.key, **stored.draft.values}, stored.mark)


# --- resources ---

ResourceChange = msgspec.defstruct(
    "ResourceChange",
    [("parts", list[str] | UnsetType, UNSET)],  # codes of all that is taken with it
    bases=(changes_of(ResourceDraft),),
    forbid_unknown_fields=True,
)


class ResourceDescribed(ResourceDraft, frozen=True, kw_only=True):
    """A resource as operators describe it."""

    id: str
    is_retired: bool
    parts: list[str]


@blueprint.post("/resources")
@acts(Action.OPERATE)
@schema.describes(body=ResourceDraft, items=ResourceDescribed, status=201)
def add_resources() -> Response:
    """Add a resource, or several that are alike: the code may be a range, `A-01..A-40`."""
    actor, draft = current_actor(), schema.body(ResourceDraft)

    def act() -> Answer:
        made = service.add_resources(actor, numbering.drafts(draft))
        return Answer(201, " ".join(made))

    answer = web.once(actor, act)
    found = inventory.resources_called(answer.location.split())
    first = web.public_url("resources_api.show", resource_id=found[0].public_id)
    parts = linking.codes_of_parts([one.public_id for one in found])
    items = [_described(one, parts[one.public_id]) for one in found]
    return web.answer_json({"items": items}, answer.status, first)


@blueprint.patch("/resources/<uuid:resource_id>")
@acts(Action.OPERATE)
@schema.describes(body=ResourceChange, answer=ResourceDescribed)
def change_resource(resource_id: UUID) -> Response:
    """Change what is named; reservations made before stay as they are. `parts` are the codes of all
    spaces that are taken with it: new ones are claimed for what is reserved ahead, or refused."""
    stored = inventory.resource(str(resource_id))
    change = schema.body(ResourceChange)
    parts = getattr(change, "parts")  # noqa: B009  # a struct made above
    linking.change_place(
        current_actor(),
        str(resource_id),
        with_changes(stored.draft, change),
        None if parts is UNSET else parts,
        listing.seen_mark(),
    )
    return _resource(resource_id)


@blueprint.delete("/resources/<uuid:resource_id>")
@acts(Action.OPERATE)
@schema.describes(status=204)
def remove_resource(resource_id: UUID) -> Response:
    """Delete a resource that was never used; any other can be retired."""
    service.remove_resource(current_actor(), str(resource_id))
    return Response(status=204)


@blueprint.post("/resources/<uuid:resource_id>/retire")
@acts(Action.OPERATE)
@schema.describes(body=Nothing, answer=ResourceDescribed)
def retire(resource_id: UUID) -> Response:
    """Take it out of use: nobody finds or books it any more."""
    schema.body(Nothing)
    inventory.resource(str(resource_id))
    service.retire_resources(current_actor(), [str(resource_id)])
    return _resource(resource_id)


@blueprint.post("/resources/<uuid:resource_id>/bring-back")
@acts(Action.OPERATE)
@schema.describes(body=Nothing, answer=ResourceDescribed)
def bring_back(resource_id: UUID) -> Response:
    """Take it into use again."""
    schema.body(Nothing)
    inventory.resource(str(resource_id))
    service.bring_back_resources(current_actor(), [str(resource_id)])
    return _resource(resource_id)


def _resource(resource_id: UUID) -> Response:
    stored = inventory.resource(str(resource_id))
    parts = linking.codes_of_parts([stored.public_id])
    response = web.answer_json(_described(stored, parts[stored.public_id]))
    response.set_etag(stored.mark)
    return response


def _described(stored: StoredResource, parts: list[str]) -> dict[str, object]:
    is_retired = stored.retired_at is not None
    return {
        "id": stored.public_id,
        "is_retired": is_retired,
        "parts": parts,
        **stored.draft.values,
    }


# --- photos ---


class PhotoShown(msgspec.Struct):
    """A photo: what it shows by language, its measures, where its two sizes are."""

    id: str
    description: Names
    width: int
    height: int
    links: dict[str, str]


class PhotoChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /photos/{id}; position 0 is the first."""

    description: Names | msgspec.UnsetType = msgspec.UNSET
    position: int | msgspec.UnsetType = msgspec.UNSET


class Described(msgspec.Struct, forbid_unknown_fields=True):
    """The query of POST /resources/{id}/photos: what the picture shows."""

    fr: str = ""
    ar: str = ""
    en: str = ""


@blueprint.get("/resources/<uuid:resource_id>/photos")
@acts(Action.SEE_SPACES)
@schema.describes(query=Nothing, items=PhotoShown)
def resource_photos(resource_id: UUID) -> Response:
    """The photos of a resource in their order."""
    schema.query(Nothing)
    stored = inventory.resource(str(resource_id))
    found = photos.photos_of([stored.key]).get(stored.key, ())
    return listing.answer([_photo(one) for one in found])


@blueprint.post("/resources/<uuid:resource_id>/photos")
@acts(Action.OPERATE)
@accepts(UPLOAD_LIMIT)
@schema.describes(query=Described, answer=PhotoShown, status=201)
def add_photo(resource_id: UUID) -> Response:
    """Add a photo: the body is the picture (PNG, JPEG or WebP), the query says what it shows."""
    said = schema.query(Described)
    actor, picture = current_actor(), pictures.render(request.get_data())

    def act() -> Answer:
        described = {"fr": said.fr, "ar": said.ar, "en": said.en}
        return Answer(201, photos.store_photo(actor, str(resource_id), picture, described))

    answer = web.once(actor, act)
    return web.answer_json(_photo(photos.photo(answer.location)), answer.status)


@blueprint.patch("/photos/<uuid:photo_id>")
@acts(Action.OPERATE)
@schema.describes(body=PhotoChange, answer=PhotoShown)
def change_photo(photo_id: UUID) -> Response:
    """Change what it says, or its place in the order."""
    wanted = schema.body(PhotoChange)
    photos.photo(str(photo_id))
    if wanted.description is not msgspec.UNSET:
        photos.describe_photo(current_actor(), str(photo_id), wanted.description)
    if wanted.position is not msgspec.UNSET:
        photos.move_photo(current_actor(), str(photo_id), wanted.position)
    return web.answer_json(_photo(photos.photo(str(photo_id))))


@blueprint.delete("/photos/<uuid:photo_id>")
@acts(Action.OPERATE)
@schema.describes(status=204)
def delete_photo(photo_id: UUID) -> Response:
    """Delete a photo in both sizes."""
    photos.delete_photo(current_actor(), str(photo_id))
    return Response(status=204)


def _photo(photo: PhotoFacts) -> dict[str, object]:
    return {
        "id": photo.public_id,
        "description": dict(photo.description),
        "width": photo.width,
        "height": photo.height,
        "links": {
            size.value: web.public_url("photos.show", photo_id=photo.public_id, size=size.value)
            for size in pictures.Size
        },
    }


# --- opening hours ---


class HoursShown(msgspec.Struct):
    """A set of hours: its weeks, the last first, and the days with hours of their own."""

    id: int
    names: Names
    closes_on_holidays: bool
    weeks: list[WeekDraft]
    days: list[DayDraft]


class OutsideShown(msgspec.Struct):
    """How many reservations lie outside the new hours, and the first of them; they stay."""

    count: int
    reservations: list[PublicId]


class HoursWritten(HoursShown):
    """A set of hours after a change, and what the change left outside."""

    outside: OutsideShown


class NewHours(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /hours: a name and the first week."""

    names: Names
    valid_from: date
    week: tuple[tuple[SpanDraft, ...], ...]
    closes_on_holidays: bool = True


WeekChange, DayChange = changes_of(WeekDraft), changes_of(DayDraft)
HoursNamed, HoursChange = shown_of(HoursDraft), changes_of(HoursDraft)


class HoursQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /hours."""

    limit: int | None = None
    cursor: str | None = None


@blueprint.get("/hours")
@acts(Action.SEE_SPACES)
@schema.describes(query=HoursQuery, items=HoursNamed)
def hours() -> Response:
    """The sets of opening hours by name."""
    asked = schema.query(HoursQuery)
    count = listing.limit(asked.limit)
    after = 0 if asked.cursor is None else int(listing.from_cursor(asked.cursor, int)[0])
    found = inventory.hours((min(after, inventory.LARGEST_KEY), count + 1))
    more = listing.to_cursor(found[count - 1].key) if len(found) > count else None
    shown = [{"id": one.key, **one.draft.values} for one in found[:count]]
    return listing.answer(shown, more)


@blueprint.post("/hours")
@acts(Action.OPERATE)
@schema.describes(body=NewHours, answer=HoursShown, status=201)
def add_hours() -> Response:
    """Add a set with its first week."""
    actor, wanted = current_actor(), schema.body(NewHours)

    def act() -> Answer:
        first = WeekDraft(valid_from=wanted.valid_from, week=wanted.week)
        draft = HoursDraft(names=wanted.names, closes_on_holidays=wanted.closes_on_holidays)
        return Answer(201, str(timetables.add_hours(actor, draft, first)))

    answer = web.once(actor, act)
    return web.answer_json(_hours(int(answer.location)), answer.status)


@blueprint.get("/hours/<int:key>")
@acts(Action.SEE_SPACES)
@schema.describes(query=Nothing, answer=HoursShown)
def one_hours(key: int) -> Response:
    """A set with all its weeks and days."""
    schema.query(Nothing)
    return listing.read(_hours(key))


@blueprint.patch("/hours/<int:key>")
@acts(Action.OPERATE)
@schema.describes(body=HoursChange, answer=HoursShown)
def rename_hours(key: int) -> Response:
    """Change the name."""
    stored = inventory.hours_set(key)
    draft = with_changes(stored.draft, schema.body(HoursChange))
    timetables.rename_hours(current_actor(), key, draft, listing.seen_mark())
    return web.answer_json(_hours(key))


@blueprint.delete("/hours/<int:key>")
@acts(Action.OPERATE)
@schema.describes(status=204)
def remove_hours(key: int) -> Response:
    """Delete a set that no resource has."""
    timetables.remove_hours(current_actor(), key)
    return Response(status=204)


@blueprint.post("/hours/<int:key>/weeks")
@acts(Action.OPERATE)
@schema.describes(body=WeekDraft, answer=HoursWritten, status=201)
def add_week(key: int) -> Response:
    """Let another week hold from a day on, today at the earliest; what came before stays."""
    actor, draft = current_actor(), schema.body(WeekDraft)

    def act() -> Answer:
        changes.add_week(actor, key, draft)
        return Answer(201, str(key))

    answer = web.once(actor, act)
    return _week_written(key, draft.valid_from, draft.valid_from, answer.status)


@blueprint.patch("/hours/<int:key>/weeks/<day>")
@acts(Action.OPERATE)
@schema.describes(body=WeekChange, answer=HoursWritten)
def change_week(key: int, day: str) -> Response:
    """Change a week that has not begun to hold."""
    inventory.hours_set(key)
    stored = timetables.week(key, _day(day))
    draft = with_changes(stored.draft, schema.body(WeekChange))
    changes.change_week(current_actor(), key, stored.draft.valid_from, draft, listing.seen_mark())
    return _week_written(key, draft.valid_from, stored.draft.valid_from)


@blueprint.delete("/hours/<int:key>/weeks/<day>")
@acts(Action.OPERATE)
@schema.describes(status=204)
def remove_week(key: int, day: str) -> Response:
    """Delete a week that has not begun to hold: the one before it goes on."""
    changes.remove_week(current_actor(), key, _day(day))
    return Response(status=204)


@blueprint.post("/hours/<int:key>/days")
@acts(Action.OPERATE)
@schema.describes(body=DayDraft, answer=HoursWritten, status=201)
def add_day(key: int) -> Response:
    """Give a day hours of its own, or none: closed."""
    actor, draft = current_actor(), schema.body(DayDraft)

    def act() -> Answer:
        changes.add_day(actor, key, draft)
        return Answer(201, str(key))

    answer = web.once(actor, act)
    return _day_written(key, draft.day, draft.day, answer.status)


@blueprint.patch("/hours/<int:key>/days/<day>")
@acts(Action.OPERATE)
@schema.describes(body=DayChange, answer=HoursWritten)
def change_day(key: int, day: str) -> Response:
    """Change a day that is not past."""
    inventory.hours_set(key)
    stored = timetables.day(key, _day(day))
    draft = with_changes(stored.draft, schema.body(DayChange))
    changes.change_day(current_actor(), key, stored.draft.day, draft, listing.seen_mark())
    return _day_written(key, draft.day, stored.draft.day)


@blueprint.delete("/hours/<int:key>/days/<day>")
@acts(Action.OPERATE)
@schema.describes(status=204)
def remove_day(key: int, day: str) -> Response:
    """Give the day the hours of its week again."""
    changes.remove_day(current_actor(), key, _day(day))
    return Response(status=204)


def _week_written(key: int, valid_from: date, before: date, status: int = 200) -> Response:
    opening = timetables.opening_with_week(key, None)
    return _written(key, ahead.outside_week(key, opening, valid_from, before), status)


def _day_written(key: int, day: date, before: date, status: int = 200) -> Response:
    opening = timetables.opening_with_day(key, None)
    return _written(key, ahead.outside(key, opening, min(day, before), max(day, before)), status)


def _written(key: int, outside: Outside, status: int) -> Response:
    shown = [public_id for _key, public_id in outside.shown]
    left = {"count": outside.count, "reservations": shown}
    return web.answer_json(_hours(key) | {"outside": left}, status)


def _hours(key: int) -> dict[str, object]:
    stored = inventory.hours_set(key)
    return {
        "id": key,
        **stored.draft.values,
        "weeks": [one.draft.values for one in timetables.weeks(key)],
        "days": [one.draft.values for one in timetables.days(key)],
    }


def _day(text: str) -> date:
    """The day of an address; raises NotFoundError for what is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise NotFoundError from error
    if not zones.EARLIEST_YEAR <= found.year <= zones.LATEST_YEAR:
        raise NotFoundError
    return found
