"""The endpoints of organisations: who is in them, who is where today, inviting, leaving."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.api.departing import (
    DoneShown,
    PlanShown,
    Settlement,
    choices,
    plan_shown,
    settled,
)
from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem
from booking.core.i18n import LOCALES, name_in
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor, allows
from booking.core.schema import Moment, Nothing, PublicId, describes, written
from booking.core.web import acts, current_actor
from booking.people import members, organisations, pasted
from booking.people.members import KnownOrganisation, ListedOrganisation, Member
from booking.people.models import MemberRole, Person
from booking.people.pasted import Standing
from booking.people.viewings import note_views
from booking.reservations import departures, presence
from booking.reservations.presence import Presence
from booking.reservations.shapes import Named

blueprint = Blueprint("organisations_api", __name__, url_prefix="/api/v1/organisations")

LONGEST_SEARCH = 100


class Listing(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /organisations."""

    q: str = ""
    limit: int | None = None
    cursor: str | None = None


class Paging(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a list."""

    limit: int | None = None
    cursor: str | None = None


class Naming(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /organisations and PATCH /organisations/{id}."""

    name: str


class Guests(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST …/invitations; each is an address or `Name <address>`."""

    people: list[str]
    role: MemberRole = MemberRole.MEMBER
    language: str = ""


class RoleChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH …/members/{person}."""

    role: MemberRole


class LastDay(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET …/members/{person}/departure."""

    last_day: str | None = None


class Ending(Settlement, forbid_unknown_fields=True):
    """The body of POST …/members/{person}/end; without a last day at once."""

    last_day: str | None = None


class AtOnce(msgspec.Struct, forbid_unknown_fields=True):
    """The query of DELETE …/members/{person}."""

    hand_over_to: PublicId | None = None
    cancel: bool = False


class OrganisationShown(msgspec.Struct):
    """An organisation and how many are in it today."""

    id: PublicId
    name: str
    members: int
    managers: int
    deactivated_at: Moment | None
    may_manage: bool


class MemberShown(msgspec.Struct):
    """Somebody in an organisation; the address and whether they came are for who manages it."""

    id: PublicId
    name: str
    role: MemberRole
    valid_from: str
    valid_until: str | None
    email: str | msgspec.UnsetType = msgspec.UNSET
    is_invited: bool | msgspec.UnsetType = msgspec.UNSET


class PresenceShown(msgspec.Struct):
    """Where somebody who agreed to be shown is today."""

    person: Named
    resource: str
    kind: str
    building: str
    starts_at: str
    ends_at: str
    zone: str
    is_now: bool


class LineShown(msgspec.Struct):
    """What became of one of those who were named."""

    text: str
    standing: Standing


class InvitedShown(msgspec.Struct):
    """How many mails are on their way, and what became of each line."""

    sent: int
    lines: list[LineShown]


@blueprint.get("")
@acts(Action.SEE_ORGANISATIONS)
@describes(query=Listing, items=OrganisationShown)
def index() -> Response:
    """One's own; all of them for operators and auditors; by name."""
    actor = current_actor()
    wanted = schema.query(Listing)
    count = listing.limit(wanted.limit)
    after = None if wanted.cursor is None else str(listing.from_cursor(wanted.cursor, str)[0])
    search = "".join(c for c in wanted.q if c.isprintable())[:LONGEST_SEARCH]
    found = members.organisations(actor, search=search, after=after, limit=count + 1)
    has_more = len(found) > count
    cursor = listing.to_cursor(found[count - 1].organisation.name) if has_more else None
    return listing.answer([_as_json(one, actor) for one in found[:count]], cursor)


@blueprint.post("")
@acts(Action.OPERATE)
@describes(body=Naming, answer=OrganisationShown, status=201)
def create() -> Response:
    """A new one, without members."""
    actor = current_actor()
    asked = schema.body(Naming)
    answer = web.once(actor, lambda: Answer(201, organisations.create(actor, asked.name).public_id))
    found = members.listed(actor, answer.location)
    location = web.public_url("organisations_api.show", organisation_id=answer.location)
    return web.answer_json(_as_json(found, actor), 201, location)


@blueprint.get("/<uuid:organisation_id>")
@acts(Action.SEE_ORGANISATION)
@describes(query=Nothing, answer=OrganisationShown)
def show(organisation_id: UUID) -> Response:
    """One of them."""
    schema.query(Nothing)
    actor = current_actor()
    return listing.read(_as_json(members.listed(actor, str(organisation_id)), actor))


@blueprint.patch("/<uuid:organisation_id>")
@acts(Action.OPERATE)
@describes(body=Naming, answer=OrganisationShown)
def rename(organisation_id: UUID) -> Response:
    """Another name."""
    actor = current_actor()
    organisations.rename(actor, str(organisation_id), schema.body(Naming).name)
    return listing.read(_as_json(members.listed(actor, str(organisation_id)), actor))


@blueprint.get("/<uuid:organisation_id>/departure")
@acts(Action.OPERATE)
@describes(query=Nothing, answer=PlanShown)
def plan(organisation_id: UUID) -> Response:
    """What deactivating it would touch."""
    schema.query(Nothing)
    return plan_shown(departures.organisation_plan(current_actor(), str(organisation_id)))


@blueprint.post("/<uuid:organisation_id>/deactivate")
@acts(Action.OPERATE)
@describes(body=Settlement, answer=DoneShown)
def deactivate(organisation_id: UUID) -> Response:
    """Nobody books for it any more; what is handed over goes on in its new holder's own name."""
    actor = current_actor()
    return settled(
        actor,
        choices(schema.body(Settlement)),
        lambda: departures.organisation_plan(actor, str(organisation_id)),
        lambda chosen: departures.deactivate_organisation(actor, str(organisation_id), chosen),
    )


@blueprint.post("/<uuid:organisation_id>/reactivate")
@acts(Action.OPERATE)
@describes(body=Nothing, answer=OrganisationShown)
def reactivate(organisation_id: UUID) -> Response:
    """Its members can book for it again."""
    schema.body(Nothing)
    actor = current_actor()
    departures.reactivate_organisation(actor, str(organisation_id))
    return web.answer_json(_as_json(members.listed(actor, str(organisation_id)), actor))


@blueprint.get("/<uuid:organisation_id>/today")
@acts(Action.SEE_PRESENCE)
@describes(query=Paging, items=PresenceShown)
def today(organisation_id: UUID) -> Response:
    """Who of those who agreed is where today; for members only."""
    actor = current_actor()
    organisation = members.organisation(actor, str(organisation_id), Action.SEE_PRESENCE)
    count, offset = _page(schema.query(Paging))
    found = presence.present(actor, organisation, limit=count + 1, offset=offset)
    return listing.answer([_present(one) for one in found[:count]], _next(found, count, offset))


@blueprint.get("/<uuid:organisation_id>/members")
@acts(Action.SEE_ORGANISATION)
@describes(query=Paging, items=MemberShown)
def people(organisation_id: UUID) -> Response:
    """Who is in it, managers first."""
    actor = current_actor()
    organisation = members.organisation(actor, str(organisation_id))
    count, offset = _page(schema.query(Paging))
    found = members.members(organisation.organisation_id, limit=count + 1, offset=offset)
    manages = allows(actor, Action.MANAGE_ORGANISATION, organisation)
    if manages:  # who sees their addresses
        note_views(actor, Person.id.in_([one.person_id for one in found[:count]]))
    shown = [_member(one, manages) for one in found[:count]]
    return listing.answer(shown, _next(found, count, offset))


@blueprint.post("/<uuid:organisation_id>/invitations")
@acts(Action.MANAGE_ORGANISATION)
@describes(body=Guests, answer=InvitedShown)
def invite(organisation_id: UUID) -> Response:
    """Invite everybody whose line can be read; what became of each line stands in the answer."""
    actor = current_actor()
    organisation = _managed(actor, organisation_id)
    asked = schema.body(Guests)
    if asked.language and asked.language not in LOCALES:
        raise InvalidError({"language": Problem.UNKNOWN})
    text = "\n".join(" ".join(one.split()) for one in asked.people)
    try:
        lines = pasted.read(organisation, text)
    except InvalidError as error:
        raise InvalidError({"people": error.fields["addresses"]}) from error

    def act() -> Answer:
        made = pasted.invite(actor, organisation, lines, role=asked.role, language=asked.language)
        return Answer(200, str(len(made)))

    answer = web.once(actor, act)
    shown = [{"text": line.text, "standing": line.standing.value} for line in lines]
    return web.answer_json({"sent": int(answer.location), "lines": shown})


@blueprint.patch("/<uuid:organisation_id>/members/<uuid:person_id>")
@acts(Action.MANAGE_ORGANISATION)
@describes(body=RoleChange, answer=MemberShown)
def set_role(organisation_id: UUID, person_id: UUID) -> Response:
    """Make a member a manager, or the other way round."""
    actor = current_actor()
    role = schema.body(RoleChange).role
    organisations.set_role(actor, str(organisation_id), str(person_id), role)
    organisation = members.organisation(actor, str(organisation_id))
    found = members.member(organisation.organisation_id, str(person_id))
    return web.answer_json(_member(found, allows(actor, Action.MANAGE_ORGANISATION, organisation)))


@blueprint.get("/<uuid:organisation_id>/members/<uuid:person_id>/departure")
@acts(Action.MANAGE_ORGANISATION)
@describes(query=LastDay, answer=PlanShown)
def member_plan(organisation_id: UUID, person_id: UUID) -> Response:
    """What ending the membership would touch."""
    last_day = _day(schema.query(LastDay).last_day)
    return plan_shown(
        departures.membership_plan(
            current_actor(), str(organisation_id), str(person_id), last_day=last_day
        )
    )


@blueprint.post("/<uuid:organisation_id>/members/<uuid:person_id>/end")
@acts(Action.MANAGE_ORGANISATION)
@describes(body=Ending, answer=DoneShown)
def end(organisation_id: UUID, person_id: UUID) -> Response:
    """End the membership, at once or after its last day."""
    asked = schema.body(Ending)
    return _end(organisation_id, person_id, asked, _day(asked.last_day))


@blueprint.delete("/<uuid:organisation_id>/members/<uuid:person_id>")
@acts(Action.MANAGE_ORGANISATION)
@describes(query=AtOnce, answer=DoneShown)
def remove(organisation_id: UUID, person_id: UUID) -> Response:
    """End the membership at once; an invitation that was not followed is withdrawn by this."""
    asked = schema.query(AtOnce)
    return _end(organisation_id, person_id, Settlement(asked.hand_over_to, asked.cancel), None)


def _end(
    organisation_id: UUID, person_id: UUID, asked: Settlement, last_day: date | None
) -> Response:
    actor = current_actor()
    names = (str(organisation_id), str(person_id))
    return settled(
        actor,
        choices(asked),
        lambda: departures.membership_plan(actor, *names, last_day=last_day),
        lambda chosen: departures.end_membership(actor, *names, chosen, last_day=last_day),
    )


def _managed(actor: Actor, organisation_id: UUID) -> KnownOrganisation:
    return members.organisation(actor, str(organisation_id), Action.MANAGE_ORGANISATION)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError({"last_day": Problem.UNREADABLE}) from error


def _page(wanted: Paging) -> tuple[int, int]:
    """How many, and from where on."""
    offset = 0 if wanted.cursor is None else listing.from_cursor(wanted.cursor, int)[0]
    return listing.limit(wanted.limit), min(int(offset), 2**31 - 1)


def _next(found: list[Presence] | list[Member], count: int, offset: int) -> str | None:
    return listing.to_cursor(offset + count) if len(found) > count else None


def _as_json(one: ListedOrganisation, actor: Actor) -> dict[str, object]:
    known = one.organisation
    return {
        "id": known.public_id,
        "name": known.name,
        "members": one.members,
        "managers": one.managers,
        "deactivated_at": None if known.deactivated_at is None else written(known.deactivated_at),
        "may_manage": allows(actor, Action.MANAGE_ORGANISATION, known),
    }


def _member(one: Member, manages: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": one.public_id,
        "name": one.name,
        "role": one.role.value,
        "valid_from": one.valid_from.isoformat(),
        "valid_until": None if one.valid_until is None else one.valid_until.isoformat(),
    }
    if manages:
        shown |= {"email": one.email, "is_invited": not one.has_password}
    return shown


def _present(one: Presence) -> dict[str, object]:
    return {
        "person": {"id": one.person_id, "name": one.name},
        "resource": one.place.spot.code,
        "kind": name_in(one.place.spot.kind_names),
        "building": name_in(one.place.spot.building_names),
        "starts_at": one.local.starts_at.isoformat(timespec="minutes"),
        "ends_at": one.local.ends_at.isoformat(timespec="minutes"),
        "zone": one.local.zone_name,
        "is_now": one.is_now,
    }
