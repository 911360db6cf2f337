"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import web
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts
from booking.people import devices, service
from booking.people.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from booking.people.forms import SignInForm
from booking.people.service import WrongPasswordError
from booking.people.views import cookies

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@acts(Action.ENTER)
def form() -> ResponseReturnValue:
    """The form; whoever is signed in already goes on."""
    target = web.local_target(request.args.get("next"), "/")
    if web.current_actor_or_none() is not None:
        return redirect(target, 303)
    return _page(SignInForm(formdata=None, next=target))


@pages.post("/sign-in")
@acts(Action.ENTER)
def enter() -> ResponseReturnValue:
    """Begin a session under a new secret, whatever the browser brought along."""
    form = SignInForm()
    if not form.validate():
        return _page(form), 422
    try:
        begun = service.sign_in(
            form.email.data or "",
            form.password.data or "",
            device=this_device(),
            old_secret=cookies.present_secret(),
            admits_demo=not web.settings().production,
        )
    except WrongPasswordError:
        form.form_errors.append(_("The e-mail address or the password is not right."))
        return _page(form), 422
    target = web.local_target(form.next.data, "/")
    return cookies.hand_over(_redirect(target), begun)


@pages.post("/sign-out")
@acts(Action.ENTER)
def leave() -> ResponseReturnValue:
    """End the session for good; without one there is nothing to end."""
    service.sign_out(cookies.present_secret())
    response = cookies.take_away(_redirect(url_for("sign_in.form")))
    flash(_("You are signed out."), "ok")
    return response


def this_device() -> str:
    """The browser of this request, in words."""
    return devices.describe(request.user_agent.string)


def _page(form: SignInForm) -> str:
    is_demo = web.settings().demo
    return render_template(
        "sign_in/form.html",
        page_title=_("Sign in"),
        form=form,
        accounts=DEMO_ACCOUNTS if is_demo else (),
        demo_password=DEMO_PASSWORD if is_demo else "",
    )


def _redirect(target: str) -> Response:
    answer = redirect(target, 303)
    assert isinstance(answer, Response)
    return answer
