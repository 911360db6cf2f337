"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import web
from booking.core.errors import InvalidError, TooManyError
from booking.core.forms import too_many_in_words
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts
from booking.people import links, passwords, service
from booking.people.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from booking.people.forms import NewPasswordForm, SignInForm
from booking.people.links import Invited, LinkOverError
from booking.people.service import WrongPasswordError
from booking.people.views import browsers

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
            device=browsers.present_device(),
            address=request.remote_addr or "",
            old_secret=browsers.present_secret(),
            admits_demo=not web.settings().production,
        )
    except WrongPasswordError:
        form.form_errors.append(_("The e-mail address or the password is not right."))
        return _page(form), 422
    except TooManyError as error:
        form.form_errors.append(too_many_in_words(error))
        return Response(_page(form), 429, {"Retry-After": str(error.retry_after_seconds)})
    target = web.local_target(form.next.data, "/")
    return browsers.hand_over(browsers.redirected(target), begun)


@pages.post("/sign-out")
@acts(Action.ENTER)
def leave() -> ResponseReturnValue:
    """End the session for good; without one there is nothing to end."""
    service.sign_out(browsers.present_secret())
    response = browsers.take_away(browsers.redirected(url_for("sign_in.form")))
    flash(_("You are signed out."), "ok")
    return response


@pages.get("/password/<secret>")
@acts(Action.FOLLOW_LINK)
def link(secret: str) -> ResponseReturnValue:
    """Ask for a password; looking uses nothing up, for programs look at links in mails too."""
    try:
        return _link_page(NewPasswordForm(formdata=None), links.invited_by(secret))
    except LinkOverError:
        return _link_over()


@pages.post("/password/<secret>")
@acts(Action.FOLLOW_LINK)
def use_link(secret: str) -> ResponseReturnValue:
    """Set the password, use the link up, and sign in."""
    form = NewPasswordForm()
    try:
        invited = links.invited_by(secret)
        if not form.validate():
            return _link_page(form, invited, 422)
        begun = links.set_password(
            secret,
            form.password.data or "",
            device=browsers.present_device(),
            own_words=(web.settings().site_name,),
        )
    except LinkOverError:
        return _link_over()
    except InvalidError as error:
        form.show(error)
        return _link_page(form, links.invited_by(secret), 422)
    flash(_("Your password is set, and you are signed in."), "ok")
    return browsers.hand_over(browsers.redirected("/"), begun)


def _link_page(form: NewPasswordForm, invited: Invited, status: int = 200) -> Response:
    """The address holds the secret: what leaves this page names the site and not the page."""
    page = render_template(
        "sign_in/password.html",
        page_title=_("Choose a password"),
        form=form,
        invited=invited,
        shortest=passwords.SHORTEST,
    )
    return Response(page, status, {"Referrer-Policy": "strict-origin"})


def _link_over() -> ResponseReturnValue:
    return render_template("sign_in/link_over.html"), 410


def _page(form: SignInForm) -> str:
    is_demo = web.settings().demo
    return render_template(
        "sign_in/form.html",
        page_title=_("Sign in"),
        form=form,
        accounts=DEMO_ACCOUNTS if is_demo else (),
        demo_password=DEMO_PASSWORD if is_demo else "",
    )
