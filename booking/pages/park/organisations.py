"""The operator's pages for organisations: find, make, rename, deactivate."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import StringField

from booking.core import web
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, format_day, ngettext
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages import departing
from booking.people import members, organisations
from booking.people.members import KnownOrganisation, ListedOrganisation
from booking.reservations import departures
from booking.reservations.departures import Plan, PlanChangedError

PAGE = 50
LAST_PAGE = 9_999
LONGEST_SEARCH = 100

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")


@dataclass(frozen=True)
class Line:
    """An organisation in words."""

    public_id: str
    name: str
    members: str
    managers: str
    has_manager: bool
    deactivated: str


class NameForm(PageForm):
    """What an organisation is called."""

    name = StringField(lazy_gettext("Name of the organisation"))

    def problem_text(self, field: str, problem: Problem) -> str:
        if problem is Problem.TOO_LONG:
            return _("Choose a shorter name: at most 120 characters.")
        if problem is Problem.REUSED:
            return _("Another organisation has this name already. Choose another.")
        return super().problem_text(field, problem)


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """All of them by name, or those whose name holds what is searched for."""
    page = _page_number()
    search = "".join(c for c in request.args.get("q", "") if c.isprintable())[:LONGEST_SEARCH]
    found = members.organisations(
        current_actor(), search=search.strip(), limit=PAGE + 1, offset=(page - 1) * PAGE
    )
    return render_template(
        "park/organisations.html",
        page_title=_("Organisations"),
        lines=[_line(one) for one in found[:PAGE]],
        search=search,
        newer_url=_url(search, page - 1) if page > 1 else None,
        older_url=_url(search, page + 1) if len(found) > PAGE else None,
    )


@blueprint.get("/new")
@acts(Action.OPERATE)
def new() -> ResponseReturnValue:
    """The form for a new one."""
    return _new_page(NameForm(formdata=None))


@blueprint.post("")
@acts(Action.OPERATE)
def create() -> ResponseReturnValue:
    """Make it, and go on to inviting its first manager."""
    form = NameForm()
    try:
        made = organisations.create(current_actor(), form.name.data or "")
    except InvalidError as error:
        form.show(error)
        return _new_page(form), 422
    flash(_("The organisation is made. Now invite its first manager."), "ok")
    return redirect(web.path_of("organisation.invite", public_id=made.public_id), 303)


@blueprint.get("/<uuid:public_id>")
@acts(Action.OPERATE)
def show(public_id: UUID) -> ResponseReturnValue:
    """One organisation: its name, the way to its members, its end."""
    organisation = _found(public_id)
    return _show_page(organisation, NameForm(formdata=None, name=organisation.name))


@blueprint.post("/<uuid:public_id>")
@acts(Action.OPERATE)
def rename(public_id: UUID) -> ResponseReturnValue:
    """Give it another name."""
    form = NameForm()
    try:
        organisations.rename(current_actor(), str(public_id), form.name.data or "")
    except InvalidError as error:
        form.show(error)
        return _show_page(_found(public_id), form), 422
    flash(_("The name is saved."), "ok")
    return _to(public_id)


@blueprint.get("/<uuid:public_id>/deactivate")
@acts(Action.OPERATE)
def ask_deactivate(public_id: UUID) -> ResponseReturnValue:
    """What lies ahead for it, and what shall become of that."""
    plan = departures.organisation_plan(current_actor(), str(public_id))
    if plan.organisation is None or not plan.organisation.is_active:
        return _to(public_id)
    return _deactivate_page(plan, departing.page(plan, sent=False))


@blueprint.post("/<uuid:public_id>/deactivate")
@acts(Action.OPERATE)
def deactivate(public_id: UUID) -> ResponseReturnValue:
    """Deactivate it, or say what has changed since the page was read."""
    actor = current_actor()
    plan = departures.organisation_plan(actor, str(public_id))
    page = departing.page(plan, sent=True)
    try:
        done = departures.deactivate_organisation(actor, str(public_id), departing.choices(plan))
    except InvalidError as error:
        departing.show_problems(page.form, error)
        return _deactivate_page(plan, page), 422
    except PlanChangedError as changed:
        plan = departures.organisation_plan(actor, str(public_id))
        again = departing.page(plan, sent=True)
        return _deactivate_page(plan, again, departing.what_changed(changed)), 409
    flash(departing.what_was_done(_("The organisation is deactivated."), done), "ok")
    return _to(public_id)


@blueprint.post("/<uuid:public_id>/reactivate")
@acts(Action.OPERATE)
def reactivate(public_id: UUID) -> ResponseReturnValue:
    """Let its members book for it again."""
    departures.reactivate_organisation(current_actor(), str(public_id))
    flash(_("Its members can book for it again."), "ok")
    return _to(public_id)


def _found(public_id: UUID) -> KnownOrganisation:
    found = members.organisation_by_public_id(str(public_id))
    if found is None:
        raise NotFoundError
    return found


def _to(public_id: UUID) -> ResponseReturnValue:
    return redirect(web.path_of("park.organisations.show", public_id=public_id), 303)


def _new_page(form: NameForm) -> str:
    return render_template(
        "park/new_organisation.html", page_title=_("New organisation"), form=form
    )


def _show_page(organisation: KnownOrganisation, form: NameForm) -> str:
    return render_template(
        "park/organisation.html",
        page_title=organisation.name,
        organisation=organisation,
        form=form,
        member_count=members.count(organisation.organisation_id),
    )


def _deactivate_page(plan: Plan, page: departing.Page, changed: list[str] | None = None) -> str:
    return render_template(
        "park/deactivate_organisation.html",
        page_title=_("Deactivate the organisation"),
        organisation=plan.organisation,
        page=page,
        changed=changed or [],
    )


def _line(one: ListedOrganisation) -> Line:
    known = one.organisation
    return Line(
        public_id=known.public_id,
        name=known.name,
        members=ngettext("%(num)s member", "%(num)s members", one.members),
        managers=ngettext("%(num)s manager", "%(num)s managers", one.managers),
        has_manager=one.managers > 0,
        deactivated=_("Deactivated since %(day)s", day=format_day(known.deactivated_at))
        if known.deactivated_at
        else "",
    )


def _page_number() -> int:
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PAGE))
    return max(1, min(int(text), LAST_PAGE)) if is_number else 1


def _url(search: str, page: int) -> str:
    shown = page if page > 1 else None
    return web.path_of("park.organisations.index", q=search or None, page=shown)
