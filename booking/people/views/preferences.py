"""Language and theme of this browser: for everybody, before sign-in too."""

from __future__ import annotations

from flask import Blueprint, Response, request, session

from booking.core import i18n, web
from booking.core.permissions import Action
from booking.core.web import acts
from booking.people.views import browsers

THEMES = frozenset({"light", "dark"})

pages = Blueprint("preferences", __name__)


@pages.post("/language")
@acts(Action.ENTER)
def language() -> Response:
    """Read on in another language; what is unknown changes nothing."""
    _keep("language", request.form.get("language"), frozenset(i18n.LOCALES))
    return _back()


@pages.post("/theme")
@acts(Action.ENTER)
def theme() -> Response:
    """Read on in light or dark; what is unknown changes nothing."""
    _keep("theme", request.form.get("theme"), THEMES)
    return _back()


def _keep(name: str, value: str | None, known: frozenset[str]) -> None:
    if value in known:
        session[name] = value
        session.permanent = True  # the choice outlives the browser's window


def _back() -> Response:
    return browsers.redirected(web.local_target(request.form.get("next"), "/"))
