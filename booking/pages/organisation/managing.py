"""What a manager does with one member: role, invitation, end of the membership."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from booking.core.errors import InvalidError, LastOneError, NotFoundError, StaleError
from booking.core.i18n import _, format_day
from booking.core.months import Month, day_from, month, month_from
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages import departing
from booking.pages.organisation import queries
from booking.pages.organisation.blueprint import blueprint, path
from booking.pages.organisation.forms import RoleForm
from booking.pages.organisation.views import Choice, frame, term_in_words
from booking.people import invitations, members, organisations, terms
from booking.people.invitations import Guest
from booking.people.members import KnownOrganisation, Member
from booking.people.models import MemberRole
from booking.people.viewings import note_view
from booking.reservations import departures
from booking.reservations.departures import LAST_DAY_AT_MOST, Plan, PlanChangedError

MEMBER = "/<uuid:public_id>/members/<uuid:person_id>"


@blueprint.get(MEMBER)
@acts(Action.MANAGE_ORGANISATION)
def member(public_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """One member, and what can be done."""
    organisation, found = _found(public_id, person_id)
    note_view(current_actor(), found.person_id)
    return _member_page(organisation, found, RoleForm(formdata=None, role=found.role.value))


@blueprint.post(f"{MEMBER}/role")
@acts(Action.MANAGE_ORGANISATION)
def set_role(public_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Make a member a manager, or the other way round."""
    form = RoleForm()
    organisation, found = _found(public_id, person_id)
    if not form.validate():
        return _member_page(organisation, found, form), 422
    try:
        organisations.set_role(
            current_actor(), str(public_id), str(person_id), MemberRole(form.role.data)
        )
    except LastOneError:
        form.form_errors.append(_last_manager())
        return _member_page(organisation, found, form), 409
    flash(_("The role is saved."), "ok")
    return _to_members(public_id)


@blueprint.post(f"{MEMBER}/resend")
@acts(Action.MANAGE_ORGANISATION)
def resend(public_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Send another invitation to who has not come yet; the link in the first one ends."""
    organisation, found = _found(public_id, person_id)
    if found.has_password:
        flash(_("%(name)s has come meanwhile.", name=found.name), "warn")
        return _to_members(public_id)
    guest = Guest(found.email, found.name, "", organisation.organisation_id, found.role)
    invitations.invite_all(current_actor(), [guest])
    flash(_("Another invitation is on its way to %(name)s.", name=found.name), "ok")
    return _to_members(public_id)


@blueprint.get(f"{MEMBER}/end")
@acts(Action.MANAGE_ORGANISATION)
def ask_end(public_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """When, what lies ahead then, and what shall become of it."""
    organisation, found = _found(public_id, person_id)
    plan = _plan(organisation, found, day_from(request.args.get("last_day")))
    return _end_page(organisation, found, plan, departing.page(plan, sent=False))


@blueprint.post(f"{MEMBER}/end")
@acts(Action.MANAGE_ORGANISATION)
def end(public_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """End the membership, or say what has changed since the page was read."""
    try:
        organisation, found = _found(public_id, person_id)
    except NotFoundError:  # sent twice, or somebody was faster
        members.organisation(current_actor(), str(public_id), Action.MANAGE_ORGANISATION)
        flash(_("This person is in the organisation no longer."), "warn")
        return _to_members(public_id)
    last_day = day_from(request.form.get("last_day"))
    plan = _plan(organisation, found, last_day)
    page = departing.page(plan, sent=True)
    try:
        done = departures.end_membership(
            current_actor(),
            organisation.public_id,
            found.public_id,
            departing.choices(plan),
            last_day=plan.last_day,
        )
    except InvalidError as error:
        departing.show_problems(page.form, error)
        return _end_page(organisation, found, plan, page), 422
    except LastOneError:
        page.form.form_errors.append(_last_manager())
        return _end_page(organisation, found, plan, page), 409
    except PlanChangedError as changed:
        plan = _plan(organisation, found, last_day)
        again = departing.page(plan, sent=True)
        sentences = departing.what_changed(changed)
        return _end_page(organisation, found, plan, again, sentences), 409
    flash(departing.what_was_done(_its_end(found, plan), done), "ok")
    return _to_members(public_id)


@blueprint.post(f"{MEMBER}/withdraw")
@acts(Action.MANAGE_ORGANISATION)
def withdraw(public_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Take back the invitation of who has not come yet; the link in it ends."""
    organisation, found = _found(public_id, person_id)
    try:
        departures.withdraw_invitation(current_actor(), organisation.public_id, found.public_id)
    except LastOneError:
        form = RoleForm(formdata=None, role=found.role.value)
        form.form_errors.append(_last_manager())
        return _member_page(organisation, found, form), 409
    except StaleError:
        return _choose_first(public_id, found, _("%(name)s has come meanwhile.", name=found.name))
    except PlanChangedError:
        said = _("Something is booked for %(name)s. Choose what becomes of it.", name=found.name)
        return _choose_first(public_id, found, said)
    flash(_("The invitation of %(name)s is withdrawn.", name=found.name), "ok")
    return _to_members(public_id)


def _found(public_id: UUID, person_id: UUID) -> tuple[KnownOrganisation, Member]:
    organisation = members.organisation(current_actor(), str(public_id), Action.MANAGE_ORGANISATION)
    return organisation, members.member(organisation.organisation_id, str(person_id))


def _choose_first(public_id: UUID, found: Member, why: str) -> ResponseReturnValue:
    flash(why, "warn")
    address = path("ask_end", public_id=public_id, person_id=found.public_id)
    return redirect(address, 303)  # nosemgrep: redirect-elsewhere


def _to_members(public_id: UUID) -> ResponseReturnValue:
    return redirect(path("people", public_id=public_id), 303)  # nosemgrep: redirect-elsewhere


def _member_page(organisation: KnownOrganisation, found: Member, form: RoleForm) -> str:
    return render_template(
        "organisation/member.html",
        **frame(current_actor(), organisation, "people", found.name),
        found=found,
        form=form,
        term=term_in_words(found.valid_from, found.valid_until),
    )


def _end_page(
    organisation: KnownOrganisation,
    found: Member,
    plan: Plan,
    page: departing.Page,
    changed: list[str] | None = None,
) -> str:
    here = {"public_id": organisation.public_id, "person_id": found.public_id}
    today = terms.today()
    return render_template(
        "organisation/end.html",
        **(
            frame(current_actor(), organisation, "people") | {"page_title": _("End the membership")}
        ),
        found=found,
        page=page,
        changed=changed or [],
        last_day=plan.last_day,
        when=(
            Choice(path("ask_end", **here), _("At once"), plan.last_day is None),
            Choice(
                path("ask_end", last_day=today.isoformat(), **here),
                _("After a last day"),
                plan.last_day is not None,
            ),
        ),
        month=_month(plan.last_day, today, here) if plan.last_day is not None else None,
        month_is_open="month" in request.args,
    )


def _month(last_day: date, today: date, here: dict[str, str]) -> Month:
    turned_to = month_from(request.args.get("month"))
    return month(
        turned_to or last_day,
        chosen=last_day,
        today=today,
        first_weekday=queries.first_weekday(),
        url_of=lambda day: path("ask_end", last_day=day.isoformat(), **here),
        turn_to=lambda day: path(
            "ask_end", last_day=last_day.isoformat(), month=f"{day:%Y-%m}", **here
        ),
        since=today,
        last=today + LAST_DAY_AT_MOST,
    )


def _plan(organisation: KnownOrganisation, found: Member, last_day: date | None) -> Plan:
    """A day that cannot be the last one is none."""
    actor = current_actor()
    try:
        return departures.membership_plan(
            actor, organisation.public_id, found.public_id, last_day=last_day
        )
    except InvalidError:
        return departures.membership_plan(actor, organisation.public_id, found.public_id)


def _last_manager() -> str:
    return _(
        "Nobody else manages this organisation. Make somebody else a manager first, or ask the"
        " operator of the park."
    )


def _its_end(found: Member, plan: Plan) -> str:
    if plan.last_day is None:
        return _("The membership of %(name)s has ended.", name=found.name)
    return _("The last day of %(name)s is %(day)s.", name=found.name, day=format_day(plan.last_day))
