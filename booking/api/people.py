"""The endpoints of people: found, invited, corrected, and what they are given."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Role
from booking.core.schema import Moment, Nothing, PublicId, describes, written
from booking.core.web import acts, current_actor
from booking.people import accounts, directory, grants, invitations, members, queries, rules, terms
from booking.people.accounts import Correction
from booking.people.directory import MembershipLine, PersonLine, RoleHeld, Search, Standing
from booking.people.models import MemberRole, Person
from booking.people.viewings import note_views
from booking.spaces import granting
from booking.spaces.granting import Granted, Office

LARGEST_ID = 2**31 - 1

blueprint = Blueprint("directory_api", __name__, url_prefix="/api/v1/people")


class Filter(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /people."""

    q: str = ""
    organisation: PublicId | None = None
    state: Standing | None = None
    role: RoleHeld | None = None
    limit: int | None = None
    cursor: str | None = None


class NewPerson(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /people: who is invited, to an organisation or to none."""

    email: str
    name: str = ""
    language: str = ""
    organisation: PublicId | None = None
    role: MemberRole = MemberRole.MEMBER


class ChangedPerson(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /people/{id}; what is absent stays."""

    name: str | None = None
    email: str | None = None
    language: str | None = None


class NewGrant(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /people/{id}/grants: a lab manager's is for a resource or an area,
    reception for a building, the others for the whole site."""

    role: Role
    resource: str | None = None  # a code, as are the others
    area: str | None = None
    building: str | None = None


class MembershipShown(msgspec.Struct):
    """A term in an organisation; both days are included."""

    organisation: PublicId
    name: str
    role: MemberRole
    valid_from: str
    valid_until: str | None
    holds_today: bool


class PersonShown(msgspec.Struct):
    """An account as those who look after people see it."""

    id: PublicId
    name: str
    email: str
    language: str
    state: Standing
    roles: list[Role]
    memberships: list[MembershipShown]
    created_at: Moment
    last_sign_in_at: Moment | None


class GrantShown(msgspec.Struct):
    """Something given, with the code of its place."""

    id: int
    role: Role
    resource: str | None
    area: str | None
    building: str | None


@blueprint.get("")
@acts(Action.SEE_PEOPLE)
@describes(query=Filter, items=PersonShown)
def index() -> Response:
    """People by name, narrowed by what is asked."""
    wanted = schema.query(Filter)
    count = listing.limit(wanted.limit)
    actor = current_actor()
    found = directory.people(actor, _search(wanted), limit=count + 1, after=_after(wanted.cursor))
    note_views(actor, Person.id.in_([one.person_id for one in found[:count]]))
    last = found[count - 1] if len(found) > count else None
    cursor = None if last is None else listing.to_cursor(last.name, last.person_id)
    return listing.answer([_as_json(one) for one in found[:count]], cursor)


@blueprint.post("")
@acts(Action.OPERATE)
@describes(body=NewPerson, answer=PersonShown, status=201)
def create() -> Response:
    """Make an account and send its link; an address that has one is refused."""
    asked = schema.body(NewPerson)
    actor = current_actor()

    def invite() -> Answer:
        if queries.person_by_email(rules.checked_email(asked.email)) is not None:
            raise InvalidError({"email": Problem.REUSED})
        made = invitations.invite(
            actor,
            asked.email,
            asked.name,
            asked.language,
            _organisation_id(asked.organisation),
            asked.role,
        )
        return Answer(201, made.public_id)

    answer = web.once(actor, invite)
    address = web.public_url("directory_api.show", person_id=answer.location)
    return web.answer_json(_shown(answer.location), answer.status, address)


@blueprint.get("/<uuid:person_id>")
@acts(Action.SEE_PEOPLE)
@describes(answer=PersonShown)
def show(person_id: UUID) -> Response:
    """One person."""
    return listing.read(_shown(person_id))


@blueprint.patch("/<uuid:person_id>")
@acts(Action.OPERATE)
@describes(body=ChangedPerson, answer=PersonShown)
def correct(person_id: UUID) -> Response:
    """Correct name, address or language; both addresses are told of a new one."""
    asked = schema.body(ChangedPerson)
    correction = Correction(asked.name, asked.email, asked.language)
    accounts.correct(current_actor(), str(person_id), correction)
    return web.answer_json(_shown(person_id))


@blueprint.post("/<uuid:person_id>/invite")
@acts(Action.OPERATE)
@describes(body=Nothing, answer=PersonShown)
def invite_again(person_id: UUID) -> Response:
    """Send the invitation again, or a link for a new password to who has one."""
    schema.body(Nothing)
    accounts.send_link(current_actor(), str(person_id))
    return web.answer_json(_shown(person_id))


@blueprint.get("/<uuid:person_id>/grants")
@acts(Action.SEE_PEOPLE)
@describes(items=GrantShown)
def show_grants(person_id: UUID) -> Response:
    """What the park gave somebody."""
    found = directory.person(current_actor(), str(person_id))
    return listing.answer([_grant_as_json(one) for one in granting.grants_of(found.person_id)])


@blueprint.post("/<uuid:person_id>/grants")
@acts(Action.OPERATE)
@describes(body=NewGrant, answer=GrantShown, status=201)
def give_grant(person_id: UUID) -> Response:
    """Give a role, at once; one that is there already is answered as it is."""
    asked = schema.body(NewGrant)
    found = directory.person(current_actor(), str(person_id))
    made = grants.give(current_actor(), str(person_id), granting.given(*_office(asked)))
    shown = [one for one in granting.grants_of(found.person_id) if one.id == made]
    return web.answer_json(_grant_as_json(shown[0]), 201)


@blueprint.delete(f"/<uuid:person_id>/grants/<int(max={LARGEST_ID}):grant_id>")
@acts(Action.OPERATE)
@describes(status=204)
def take_grant(person_id: UUID, grant_id: int) -> Response:
    """Take a role away, at once, but never the last operator's."""
    grants.take(current_actor(), str(person_id), grant_id)
    return Response(status=204)


def _search(wanted: Filter) -> Search:
    organisation = wanted.organisation
    if organisation is not None:
        organisation = schema.public_id("organisation", organisation)
    return Search(wanted.q, organisation, wanted.state, wanted.role)


def _after(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    name, person_id = listing.from_cursor(cursor, str, int)
    return str(name), min(int(person_id), listing.LARGEST_KEY)


def _organisation_id(public_id: str | None) -> int | None:
    if public_id is None:
        return None
    found = members.organisation_by_public_id(schema.public_id("organisation", public_id))
    if found is None or not found.is_active:
        raise InvalidError({"organisation": Problem.NOT_FOUND})
    return found.organisation_id


def _office(asked: NewGrant) -> tuple[Office, str]:
    """The role with its place; a place that the role does not want is refused."""
    places = {
        (Role.LAB_MANAGER, "resource"): Office.LAB_MANAGER_OF_RESOURCE,
        (Role.LAB_MANAGER, "area"): Office.LAB_MANAGER_OF_AREA,
        (Role.RECEPTION, "building"): Office.RECEPTION,
    }
    named = {
        name: code
        for name in ("resource", "area", "building")
        if (code := getattr(asked, name)) is not None
    }
    if not named and asked.role in (Role.OPERATOR, Role.AUDITOR):
        return Office(asked.role.value), ""
    if not named:
        raise InvalidError(
            {"building" if asked.role is Role.RECEPTION else "area": Problem.MISSING}
        )
    name, code = next(iter(named.items()))
    office = places.get((asked.role, name))
    if office is None or len(named) > 1:
        raise InvalidError({name: Problem.UNKNOWN})
    return office, code


def _shown(person_id: UUID | str) -> dict[str, object]:
    return _as_json(directory.person(current_actor(), str(person_id)))


def _as_json(line: PersonLine) -> dict[str, object]:
    today = terms.today()
    return {
        "id": line.public_id,
        "name": line.name,
        "email": line.email,
        "language": line.language,
        "state": line.standing.value,
        "roles": [role.value for role in line.roles],
        "memberships": [_membership_as_json(one, today) for one in line.memberships],
        "created_at": written(line.created_at),
        "last_sign_in_at": _written(line.last_sign_in_at),
    }


def _membership_as_json(line: MembershipLine, today: date) -> dict[str, object]:
    return {
        "organisation": line.organisation_id,
        "name": line.organisation,
        "role": line.role.value,
        "valid_from": line.valid_from.isoformat(),
        "valid_until": None if line.valid_until is None else line.valid_until.isoformat(),
        "holds_today": line.holds_on(today),
    }


def _grant_as_json(granted: Granted) -> dict[str, object]:
    """Each place under its own name; the code of others is absent."""
    return {
        "id": granted.id,
        "role": granted.role.value,
        "resource": _code(granted, Office.LAB_MANAGER_OF_RESOURCE),
        "area": _code(granted, Office.LAB_MANAGER_OF_AREA),
        "building": _code(granted, Office.RECEPTION),
    }


def _code(granted: Granted, office: Office) -> str | None:
    return granted.code if granted.office is office else None


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else written(instant)
