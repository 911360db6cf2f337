"""Signing in and out."""

from __future__ import annotations

from contextlib import AbstractContextManager

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from booking.core import i18n, web
from booking.core.errors import InvalidError, TooManyError
from booking.core.forms import too_many_in_words
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts
from booking.people import links, passwords, resets, service
from booking.people.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from booking.people.forms import ForgottenForm, NewPasswordForm, OpenAccountForm, SignInForm
from booking.people.links import Invited, LinkOverError, Profile
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
        return _too_many(_page(form), error)
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


@pages.get("/forgotten-password")
@acts(Action.ENTER)
def forgotten() -> ResponseReturnValue:
    """Ask for whose password."""
    return _forgotten_page(ForgottenForm(formdata=None))


@pages.post("/forgotten-password")
@acts(Action.ENTER)
def ask_for_link() -> ResponseReturnValue:
    """Write down what was asked; the answer is the same for every address."""
    form = ForgottenForm()
    if not form.validate():
        return _forgotten_page(form), 422
    email = form.email.data or ""
    try:
        resets.ask(email, address=request.remote_addr or "")
    except InvalidError as error:
        form.show(error)
        return _forgotten_page(form), 422
    except TooManyError as error:
        form.form_errors.append(too_many_in_words(error))
        return _too_many(_forgotten_page(form), error)
    return render_template("sign_in/asked.html", page_title=_("Look into your mails"), email=email)


@pages.get("/password/<secret>")
@acts(Action.FOLLOW_LINK)
def link(secret: str) -> ResponseReturnValue:
    """Ask for a password; looking uses nothing up, for programs look at links in mails too."""
    try:
        invited = links.invited_by(secret)
    except LinkOverError:
        return _link_over()
    with _in_the_language_of(invited):
        return _link_page(_link_form(invited), invited)


@pages.post("/password/<secret>")
@acts(Action.FOLLOW_LINK)
def use_link(secret: str) -> ResponseReturnValue:
    """Set the password, use the link up, and sign in."""
    try:
        invited = links.invited_by(secret)
        with _in_the_language_of(invited):
            return _use_link(secret, invited)
    except LinkOverError:
        return _link_over()


def _use_link(secret: str, invited: Invited) -> ResponseReturnValue:
    form = OpenAccountForm() if invited.is_new else NewPasswordForm()
    if not form.validate():
        return _link_page(form, invited, 422)
    profile = _profile(form)
    try:
        begun = links.set_password(
            secret,
            form.password.data or "",
            device=browsers.present_device(),
            own_words=(web.settings().site_name,),
            profile=profile,
        )
    except InvalidError as error:
        form.show(error)
        return _link_page(form, invited, 422)
    if profile is not None:
        browsers.follow_the_person()
    with i18n.speaking(profile.language if profile else i18n.language()):
        flash(_("Your password is set, and you are signed in."), "ok")
    return browsers.hand_over(browsers.redirected("/"), begun)


def _link_form(invited: Invited) -> NewPasswordForm:
    if not invited.is_new:
        return NewPasswordForm(formdata=None)
    return OpenAccountForm(formdata=None, name=invited.name, language=invited.language)


def _profile(form: NewPasswordForm) -> Profile | None:
    if not isinstance(form, OpenAccountForm):
        return None
    return Profile(form.name.data or "", form.language.data)


def _in_the_language_of(invited: Invited) -> AbstractContextManager[None]:
    """The page goes on in the language of the mail, unless this browser was told another."""
    return i18n.speaking(session.get("language") or invited.language)


def _link_page(form: NewPasswordForm, invited: Invited, status: int = 200) -> Response:
    """The address holds the secret: what leaves this page names the site and not the page."""
    page = render_template(
        "sign_in/password.html",
        page_title=_("Welcome") if invited.is_new else _("Choose a password"),
        form=form,
        invited=invited,
        shortest=passwords.SHORTEST,
    )
    return Response(page, status, {"Referrer-Policy": "strict-origin"})


def _link_over() -> ResponseReturnValue:
    return render_template("sign_in/link_over.html"), 410


def _forgotten_page(form: ForgottenForm) -> str:
    return render_template(
        "sign_in/forgotten.html", page_title=_("Forgot your password?"), form=form
    )


def _too_many(page: str, error: TooManyError) -> Response:
    return Response(page, 429, {"Retry-After": str(error.retry_after_seconds)})


def _page(form: SignInForm) -> str:
    is_demo = web.settings().demo
    return render_template(
        "sign_in/form.html",
        page_title=_("Sign in"),
        form=form,
        accounts=DEMO_ACCOUNTS if is_demo else (),
        demo_password=DEMO_PASSWORD if is_demo else "",
    )
