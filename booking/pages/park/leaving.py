"""The operator's pages that close a person's account and open it again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from booking.core import web
from booking.core.errors import InvalidError, LastOneError
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages import departing
from booking.people import closing
from booking.reservations import departures
from booking.reservations.departures import Plan, PlanChangedError

blueprint = Blueprint("leaving", __name__, url_prefix="/people")


@blueprint.get("/<uuid:person_id>/deactivate")
@acts(Action.OPERATE)
def ask(person_id: UUID) -> ResponseReturnValue:
    """What lies ahead for the person, and what shall become of that."""
    plan = departures.person_plan(current_actor(), str(person_id))
    return _page(plan, departing.page(plan, sent=False))


@blueprint.post("/<uuid:person_id>/deactivate")
@acts(Action.OPERATE)
def deactivate(person_id: UUID) -> ResponseReturnValue:
    """Close the account, or say what has changed since the page was read."""
    actor = current_actor()
    plan = departures.person_plan(actor, str(person_id))
    page = departing.page(plan, sent=True)
    try:
        done = departures.deactivate_person(actor, str(person_id), departing.choices(plan))
    except InvalidError as error:
        departing.show_problems(page.form, error)
        return _page(plan, page), 422
    except LastOneError:
        page.form.form_errors.append(
            _("Nobody else runs the park. Make somebody else an operator first.")
        )
        return _page(plan, page), 409
    except PlanChangedError as changed:
        plan = departures.person_plan(actor, str(person_id))
        again = departing.page(plan, sent=True)
        return _page(plan, again, departing.what_changed(changed)), 409
    flash(departing.what_was_done(_("The account is closed."), done), "ok")
    return redirect(_back(person_id), 303)  # nosemgrep: redirect-elsewhere


@blueprint.post("/<uuid:person_id>/reactivate")
@acts(Action.OPERATE)
def reactivate(person_id: UUID) -> ResponseReturnValue:
    """Let the person sign in again, without the grants they had."""
    closing.reopen(current_actor(), str(person_id))
    flash(_("The account is open again. Grants have to be given anew."), "ok")
    return redirect(_back(person_id), 303)  # nosemgrep: redirect-elsewhere


def _page(plan: Plan, page: departing.Page, changed: list[str] | None = None) -> str:
    assert plan.person is not None  # a person's plan
    return render_template(
        "park/deactivate_person.html",
        page_title=_("Deactivate the account"),
        person_leaving=plan.person,
        page=page,
        changed=changed or [],
        back_url=_back(UUID(plan.person.public_id)),
    )


def _back(person_id: UUID) -> str:
    return web.path_of("park.people.show", person_id=person_id)
