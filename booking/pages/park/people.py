"""The operator's pages of people: found, invited, corrected, what they are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, i18n, web, zones
from booking.core.errors import InvalidError, LastOneError, NotFoundError
from booking.core.i18n import _, ngettext
from booking.core.permissions import Action, Role, allows
from booking.core.web import acts, current_actor
from booking.pages.park.person_forms import (
    OFFICES,
    GrantForm,
    MembershipForm,
    NewPersonForm,
    PersonForm,
)
from booking.people import accounts, directory, grants, invitations, members, queries, rules, terms
from booking.people.accounts import Correction
from booking.people.directory import (
    MembershipLine,
    PersonLine,
    RoleHeld,
    Search,
    Standing,
)
from booking.people.models import MemberRole, Person
from booking.people.viewings import note_view, note_views
from booking.spaces import granting
from booking.spaces.granting import Granted, Office

PAGE_SIZE = 50
LAST_PAGE = 100_000
LARGEST_ID = 2**31 - 1
Tone = Literal["neutral", "good", "warn", "bad"]
STANDING_LOOKS: dict[Standing, tuple[Tone, str]] = {
    Standing.ACTIVE: ("good", "circle-check"),
    Standing.INVITED: ("warn", "hourglass"),
    Standing.DEACTIVATED: ("neutral", "ban"),
    Standing.ANONYMISED: ("neutral", "ban"),
}

blueprint = Blueprint("people", __name__, url_prefix="/people")


@dataclass(frozen=True)
class Row:
    """A person of the list, in words."""

    url: str
    name: str
    email: str
    organisations: tuple[str, ...]
    roles: tuple[str, ...]
    standing: str
    tone: Tone
    icon: str
    last_sign_in: str


@dataclass(frozen=True)
class Choice:
    """One value to narrow the list by."""

    value: str
    label: str
    current: bool


@dataclass(frozen=True)
class TermRow:
    """A membership in words."""

    organisation: str
    url: str
    role: str
    term: str
    holds: bool


@dataclass(frozen=True)
class GrantRow:
    """Something given, in words."""

    id: int
    office: str
    code: str
    name: str


# --- found ---


@blueprint.get("")
@acts(Action.SEE_PEOPLE)
def index() -> ResponseReturnValue:
    """People by name, narrowed by what is asked."""
    actor, search, page = current_actor(), _search(), _page_number()
    found = directory.people(actor, search, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
    has_more = len(found) > PAGE_SIZE
    note_views(actor, Person.id.in_([one.person_id for one in found[:PAGE_SIZE]]))
    return render_template(
        "park/people.html",
        page_title=_("People"),
        rows=[_row(one) for one in found[:PAGE_SIZE]],
        text=search.text,
        organisations=[
            Choice(public_id, name, public_id == search.organisation_id)
            for public_id, name in directory.organisations()
        ],
        standings=[
            Choice(one.value, text, one is search.standing) for one, text in _standings().items()
        ],
        roles=[Choice(one.value, text, one is search.role) for one, text in _roles().items()],
        is_filtered=search != Search(),
        newer_url=_list_url(page - 1) if page > 1 else None,
        older_url=_list_url(page + 1) if has_more else None,
        may_change=allows(actor, Action.OPERATE),
    )


@blueprint.get("/<uuid:person_id>")
@acts(Action.SEE_PEOPLE)
def show(person_id: UUID) -> ResponseReturnValue:
    """Somebody's account, memberships and grants."""
    actor = current_actor()
    found = directory.person(actor, str(person_id))
    note_view(actor, found.person_id)
    today = terms.today()
    return render_template(
        "park/person.html",
        page_title=found.name,
        person_id=person_id,
        row=_row(found),
        spoken=i18n.OWN_NAMES[found.language],
        created=_day(found.created_at),
        sessions=_sessions(directory.session_count(found.person_id)),
        terms=[_term_row(one, person_id, today) for one in found.memberships],
        grants=[_grant_row(one) for one in granting.grants_of(found.person_id)],
        is_open=found.standing in (Standing.ACTIVE, Standing.INVITED),
        is_invited=found.standing is Standing.INVITED,
        is_anonymised=found.standing is Standing.ANONYMISED,
        may_change=allows(actor, Action.OPERATE),
    )


# --- invited and corrected ---


@blueprint.get("/new")
@acts(Action.OPERATE)
def new() -> ResponseReturnValue:
    """Whom to invite."""
    form = NewPersonForm(formdata=None, language=web.settings().default_language)
    return _new_page(form)


@blueprint.post("/new")
@acts(Action.OPERATE)
def create() -> ResponseReturnValue:
    """Make an account and send its link; an address that has one already leads there."""
    form = NewPersonForm()
    form.offer(directory.organisations())
    if not form.validate():
        return _new_page(form), 422
    try:
        known = queries.person_by_email(rules.checked_email(form.email.data or ""))
        if known is not None:
            flash(_("This address has an account already. Here it is."), "warn")
            return _to(known.public_id)
        made = invitations.invite(
            current_actor(),
            form.email.data or "",
            form.name.data or "",
            form.language.data,
            _organisation_id(form.organisation.data),
            MemberRole(form.role.data),
        )
    except InvalidError as error:
        form.show(error)
        return _new_page(form), 422
    flash(_("The invitation is on its way to %(email)s.", email=made.email), "ok")
    return _to(made.public_id)


@blueprint.get("/<uuid:person_id>/edit")
@acts(Action.OPERATE)
def edit(person_id: UUID) -> ResponseReturnValue:
    """Name, address and language."""
    found = _changeable(person_id)
    form = PersonForm(formdata=None, name=found.name, email=found.email, language=found.language)
    return _edit_page(person_id, form)


@blueprint.post("/<uuid:person_id>/edit")
@acts(Action.OPERATE)
def correct(person_id: UUID) -> ResponseReturnValue:
    """Store what was corrected; both addresses are told of a new one."""
    _changeable(person_id)
    form = PersonForm()
    if not form.validate():
        return _edit_page(person_id, form), 422
    correction = Correction(form.name.data, form.email.data, form.language.data)
    try:
        accounts.correct(current_actor(), str(person_id), correction)
    except InvalidError as error:
        form.show(error)
        return _edit_page(person_id, form), 422
    flash(_("The account is corrected."), "ok")
    return _to(person_id)


@blueprint.post("/<uuid:person_id>/link")
@acts(Action.OPERATE)
def send_link(person_id: UUID) -> ResponseReturnValue:
    """Send the invitation again, or a link to choose a new password."""
    found = directory.person(current_actor(), str(person_id))
    try:
        accounts.send_link(current_actor(), str(person_id))
    except InvalidError:
        flash(_("This account is closed. Open it again first."), "warn")
        return _to(person_id)
    flash(_("A mail with a new link is on its way to %(email)s.", email=found.email), "ok")
    return _to(person_id)


# --- memberships ---


@blueprint.get("/<uuid:person_id>/memberships")
@acts(Action.OPERATE)
def new_membership(person_id: UUID) -> ResponseReturnValue:
    """Which organisation to join."""
    _changeable(person_id)
    return _membership_page(person_id, MembershipForm(formdata=None))


@blueprint.post("/<uuid:person_id>/memberships")
@acts(Action.OPERATE)
def add_membership(person_id: UUID) -> ResponseReturnValue:
    """Make somebody a member from today on; they are told."""
    found = _changeable(person_id)
    form = MembershipForm()
    form.offer(directory.organisations())
    if not form.validate():
        return _membership_page(person_id, form), 422
    organisation_id = _organisation_id(form.organisation.data)
    role = MemberRole(form.role.data)
    invitations.invite(current_actor(), found.email, "", "", organisation_id, role)
    flash(_("The membership begins today."), "ok")
    return _to(person_id)


# --- grants ---


@blueprint.get("/<uuid:person_id>/grants")
@acts(Action.OPERATE)
def new_grant(person_id: UUID) -> ResponseReturnValue:
    """What to give."""
    _changeable(person_id)
    return _grant_page(person_id, GrantForm(formdata=None))


@blueprint.post("/<uuid:person_id>/grants")
@acts(Action.OPERATE)
def give_grant(person_id: UUID) -> ResponseReturnValue:
    """Give a role, at once."""
    form = GrantForm()
    if not form.validate():
        return _grant_page(person_id, form), 422
    try:
        given = granting.given(Office(form.office.data), form.code.data or "")
        grants.give(current_actor(), str(person_id), given)
    except InvalidError as error:
        form.show(error)
        return _grant_page(person_id, form), 422
    flash(_("The role is given."), "ok")
    return _to(person_id)


@blueprint.get(f"/<uuid:person_id>/grants/<int(max={LARGEST_ID}):grant_id>/take")
@acts(Action.OPERATE)
def ask_take_grant(person_id: UUID, grant_id: int) -> ResponseReturnValue:
    """Are you sure?"""
    return _take_page(person_id, grant_id)


@blueprint.post(f"/<uuid:person_id>/grants/<int(max={LARGEST_ID}):grant_id>/take")
@acts(Action.OPERATE)
def take_grant(person_id: UUID, grant_id: int) -> ResponseReturnValue:
    """Take a role away, but never the last operator's."""
    try:
        grants.take(current_actor(), str(person_id), grant_id)
    except LastOneError:
        refusal = _("Nobody else runs the park. Make somebody else an operator first.")
        return _take_page(person_id, grant_id, refusal), 409
    flash(_("The role is taken away."), "ok")
    return _to(person_id)


# --- pages ---


def _new_page(form: NewPersonForm) -> str:
    form.offer(directory.organisations())
    return render_template("park/new_person.html", page_title=_("Invite somebody"), form=form)


def _edit_page(person_id: UUID, form: PersonForm) -> str:
    return render_template(
        "park/edit_person.html",
        page_title=_("Correct the account"),
        form=form,
        person_id=person_id,
    )


def _membership_page(person_id: UUID, form: MembershipForm) -> str:
    form.offer(directory.organisations())
    return render_template(
        "park/add_membership.html",
        page_title=_("Add a membership"),
        form=form,
        found=directory.person(current_actor(), str(person_id)),
    )


def _grant_page(person_id: UUID, form: GrantForm) -> str:
    return render_template(
        "park/give_grant.html",
        page_title=_("Give a role"),
        form=form,
        found=directory.person(current_actor(), str(person_id)),
        suggestions=granting.suggestions(),
    )


def _take_page(person_id: UUID, grant_id: int, refusal: str = "") -> str:
    found = directory.person(current_actor(), str(person_id))
    granted = [one for one in granting.grants_of(found.person_id) if one.id == grant_id]
    if not granted:
        raise NotFoundError
    return render_template(
        "park/take_grant.html",
        page_title=_("Take the role away"),
        found=found,
        grant=_grant_row(granted[0]),
        refusal=refusal,
    )


def _changeable(person_id: UUID) -> PersonLine:
    found = directory.person(current_actor(), str(person_id))
    if found.standing is Standing.ANONYMISED:
        raise NotFoundError
    return found


def _organisation_id(public_id: str | None) -> int | None:
    if not public_id:
        return None
    return members.organisation(current_actor(), public_id).organisation_id


def _to(person_id: UUID | str) -> ResponseReturnValue:
    return redirect(url_for("park.people.show", person_id=person_id), 303)


# --- what is asked ---


def _search() -> Search:
    """What the address asks for; what is unknown narrows nothing."""
    asked = request.args
    organisation = asked.get("organisation", "")
    standing, role = asked.get("state", ""), asked.get("role", "")
    text = "".join(c for c in asked.get("q", "") if c.isprintable()).strip()
    return Search(
        text=text[: directory.LONGEST_SEARCH],
        organisation_id=organisation if _is_uuid(organisation) else None,
        standing=Standing(standing) if standing in set(Standing) else None,
        role=RoleHeld(role) if role in set(RoleHeld) else None,
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _page_number() -> int:
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PAGE))
    return max(1, min(int(text), LAST_PAGE)) if is_number else 1


def _list_url(page: int) -> str:
    search = _search()
    return web.path_of(
        "park.people.index",
        q=search.text or None,
        organisation=search.organisation_id,
        state=search.standing and search.standing.value,
        role=search.role and search.role.value,
        page=page if page > 1 else None,
    )


# --- words ---


def _standings() -> dict[Standing, str]:
    return {
        Standing.ACTIVE: _("Active"),
        Standing.INVITED: _("Invited"),
        Standing.DEACTIVATED: _("Deactivated"),
        Standing.ANONYMISED: _("Anonymised"),
    }


def _roles() -> dict[RoleHeld, str]:
    return {
        RoleHeld.OPERATOR: _("Operator"),
        RoleHeld.AUDITOR: _("Auditor"),
        RoleHeld.LAB_MANAGER: _("Lab manager"),
        RoleHeld.RECEPTION: _("Reception"),
        RoleHeld.ORGANISATION_MANAGER: _("Manager of an organisation"),
    }


def _row(line: PersonLine) -> Row:
    today = terms.today()
    tone, icon = STANDING_LOOKS[line.standing]
    running = [one for one in line.memberships if one.holds_on(today)]
    return Row(
        url=web.path_of("park.people.show", person_id=line.public_id),
        name=line.name,
        email=line.email,
        organisations=tuple(dict.fromkeys(one.organisation for one in running)),
        roles=_role_words(line.roles, any(one.role is MemberRole.MANAGER for one in running)),
        standing=_standings()[line.standing],
        tone=tone,
        icon=icon,
        last_sign_in=_ago(line.last_sign_in_at),
    )


def _role_words(roles: tuple[Role, ...], manages: bool) -> tuple[str, ...]:
    words = _roles()
    held = [RoleHeld(role.value) for role in roles]
    held += [RoleHeld.ORGANISATION_MANAGER] if manages else []
    return tuple(words[one] for one in RoleHeld if one in held)


def _term_row(line: MembershipLine, person_id: UUID, today: date) -> TermRow:
    """A term that is not over leads to the page that changes or ends it."""
    manages = line.role is MemberRole.MANAGER
    is_over = line.valid_until is not None and line.valid_until < today
    member = {"public_id": line.organisation_id, "person_id": person_id}
    begins = i18n.format_day(line.valid_from)
    if line.valid_until is None:
        term = _("Since %(day)s", day=begins)
    else:
        term = _("From %(first)s to %(last)s", first=begins, last=i18n.format_day(line.valid_until))
    return TermRow(
        organisation=line.organisation,
        url="" if is_over else web.path_of("organisation.member", **member),
        role=_("Manager of the organisation") if manages else _("Member"),
        term=term,
        holds=line.holds_on(today),
    )


def _grant_row(granted: Granted) -> GrantRow:
    return GrantRow(
        granted.id, str(OFFICES[granted.office]), granted.code, i18n.name_in(granted.names)
    )


def _sessions(count: int) -> str:
    return ngettext("%(num)s browser", "%(num)s browsers", count)


def _day(instant: datetime) -> str:
    return i18n.format_day(zones.to_local(instant, zones.zone(web.settings().site_zone)))


def _ago(instant: datetime | None) -> str:
    if instant is None:
        return ""
    now = clock.now()
    if (now - instant).total_seconds() < 60:
        return _("just now")
    return i18n.format_ago(instant, now)
