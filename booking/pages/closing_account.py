"""The page on which people close their own account: what lies ahead is handed over or cancelled."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField

from booking.core.errors import InvalidError, LastOneError, Problem
from booking.core.forms import lazy_gettext
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages import departing
from booking.pages.departing import DepartureForm
from booking.people import texts as people_texts
from booking.people.views import browsers
from booking.privacy import service
from booking.reservations import departures
from booking.reservations.departures import PlanChangedError

blueprint = Blueprint("closing_account", __name__, url_prefix="/profile/data/forget")


class ForgetForm(DepartureForm):
    """What shall become of the reservations, and the password, so that an open browser alone
    forgets nobody."""

    password = PasswordField(lazy_gettext("Your password"))

    def problem_text(self, field: str, problem: Problem) -> str:
        if field == "password":
            return people_texts.problem_text(problem)
        return super().problem_text(field, problem)


@blueprint.get("")
@acts(Action.MANAGE_OWN_ACCOUNT)
def ask() -> ResponseReturnValue:
    """What lies ahead, what shall become of it, and the password."""
    browsers.only_browsers()
    plan = departures.own_plan(current_actor())
    return _page(departing.page(plan, sent=False, form_class=ForgetForm))


@blueprint.post("")
@acts(Action.MANAGE_OWN_ACCOUNT)
def close() -> ResponseReturnValue:
    """Close the account and make it anonymous, or say what has changed since the page was read;
    then sign out."""
    browsers.only_browsers()
    actor = current_actor()
    plan = departures.own_plan(actor)
    page = departing.page(plan, sent=True, form_class=ForgetForm)
    password = request.form.get("password", "")
    try:
        done = service.anonymise_myself(actor, departing.choices(plan), password=password)
    except InvalidError as error:
        departing.show_problems(page.form, error)
        return _page(page), 422
    except LastOneError as error:
        page.form.form_errors.append(_who_is_needed(error))
        return _page(page), 409
    except PlanChangedError as changed:
        again = departing.page(departures.own_plan(actor), sent=True, form_class=ForgetForm)
        return _page(again, departing.what_changed(changed)), 409
    said = _("Your account is closed and your data is anonymous.")
    flash(departing.what_was_done(said, done), "ok")
    return browsers.take_away(browsers.redirected(url_for("sign_in.form")))


def _who_is_needed(error: LastOneError) -> str:
    if error.code == "last_operator":
        return _("You are the last operator. Make somebody else one first.")
    return _(
        "Nobody else manages %(organisation)s. Make somebody else a manager first, or ask the"
        " operator of the park.",
        organisation=error.organisation,
    )


def _page(page: departing.Page, changed: list[str] | None = None) -> str:
    return render_template(
        "departures/close_my_account.html",
        page_title=_("Close my account"),
        page=page,
        changed=changed or [],
    )
