"""The operator's page of settings, and the logo as a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.core import i18n, web, zones
from booking.core.errors import InvalidError, NotFoundError
from booking.core.forms import PageForm
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.house import queries, service
from booking.house.forms import (
    ControllerForm,
    LegalNoticeForm,
    LogoForm,
    RetentionForm,
)
from booking.messages import queries as messages
from booking.messages import texts as message_texts
from booking.messages.models import MessageKind, MessageState
from booking.messages.queries import Entry

MOST_TESTS = 3
A_YEAR = 31536000

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
logo_pages = Blueprint("house", __name__)


@dataclass(frozen=True)
class Tried:
    """A test message in words."""

    moment: str
    state: str
    is_out: bool
    is_refused: bool
    answer: str


@blueprint.get("")
@acts(Action.OPERATE)
def show() -> ResponseReturnValue:
    """Every setting with its form."""
    return _page()


@blueprint.post("/logo")
@acts(Action.OPERATE)
def logo() -> ResponseReturnValue:
    """Store another logo."""
    form = LogoForm()
    try:
        service.change_logo(current_actor(), form.logo.data.read() if form.logo.data else b"")
    except InvalidError as error:
        form.show(error)
        return _page(logo=form), 422
    return _saved("brand")


@blueprint.post("/logo/remove")
@acts(Action.OPERATE)
def remove_logo() -> ResponseReturnValue:
    """Go back to the star."""
    service.remove_logo(current_actor())
    return _saved("brand")


@blueprint.post("/legal-notice")
@acts(Action.OPERATE)
def legal_notice() -> ResponseReturnValue:
    """Store what stands wherever data is collected."""
    form = LegalNoticeForm()
    try:
        service.change_legal_notice(current_actor(), form.to_names())
    except InvalidError as error:
        form.show(error)
        return _page(legal_notice=form), 422
    return _saved("legal-notice")


@blueprint.post("/controller")
@acts(Action.OPERATE)
def controller() -> ResponseReturnValue:
    """Store who answers for personal data."""
    form = ControllerForm()
    try:
        service.change_controller(current_actor(), form.to_controller())
    except InvalidError as error:
        form.show(error)
        return _page(controller=form), 422
    return _saved("controller")


@blueprint.post("/retention")
@acts(Action.OPERATE)
def retention() -> ResponseReturnValue:
    """Store how long data is kept."""
    form = RetentionForm()
    if not form.validate():
        return _page(retention=form), 422
    try:
        service.change_retention(current_actor(), form.to_retention())
    except InvalidError as error:
        form.show(error)
        return _page(retention=form), 422
    return _saved("retention")


@blueprint.post("/mail-test")
@acts(Action.OPERATE)
def try_mail() -> ResponseReturnValue:
    """Send a message to whoever asks."""
    service.try_mail(current_actor())
    flash(_("The test is planned: it goes out with the next round of the worker."), "ok")
    return redirect(url_for("park.settings.show", _anchor="mail"), 303)


@logo_pages.get("/logo/<digest>.webp")
@acts(Action.ENTER)
def logo_file(digest: str) -> ResponseReturnValue:
    """The logo; another one has another address."""
    found = queries.logo(digest) if digest.isalnum() and digest.isascii() else None
    if found is None:
        raise NotFoundError
    response = Response(found, mimetype="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def _saved(anchor: str) -> ResponseReturnValue:
    flash(_("The settings are saved."), "ok")
    return redirect(url_for("park.settings.show", _anchor=anchor), 303)


def _page(**sent: PageForm) -> str:
    """The page; a form that was sent and refused stands in the place of the stored values."""
    house = queries.house()
    mail = web.settings().mail
    return render_template(
        "house/settings.html",
        page_title=_("Settings"),
        forms={
            "logo": LogoForm(formdata=None),
            "legal_notice": LegalNoticeForm(formdata=None, **house.legal_notice),
            "controller": ControllerForm(formdata=None, **asdict(house.controller)),
            "retention": RetentionForm(formdata=None, **asdict(house.retention)),
            **sent,
        },
        has_logo=house.has_logo,
        server=f"{mail.host}:{mail.port}" if mail.host else "",
        sender=mail.sender,
        tests=[_tried(entry) for entry in messages.latest(MessageKind.TEST, MOST_TESTS)],
    )


def _tried(entry: Entry) -> Tried:
    return Tried(
        moment=_moment(entry.key.due_at),
        state=message_texts.state_in_words(entry.state),
        is_out=entry.state in (MessageState.SENT, MessageState.KEPT),
        is_refused=entry.state is MessageState.REFUSED,
        answer=entry.last_error or "",
    )


def _moment(instant: datetime) -> str:
    local = zones.to_local(instant, zones.zone(web.settings().site_zone))
    return _(
        "%(day)s at %(time)s",
        day=i18n.format_short_day(local),
        time=i18n.format_clock(local),
    )
