"""The page about personal data, open to all."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts
from booking.house import queries as house
from booking.privacy import texts

pages = Blueprint("privacy", __name__)


@pages.get("/privacy")
@acts(Action.ENTER)
def notice() -> ResponseReturnValue:
    """Which data, what for, who sees it, how long it is kept, and which rights there are."""
    settings = house.house()
    return render_template(
        "privacy/notice.html",
        page_title=_("Personal data"),
        controller=settings.controller,
        legal_notice=settings.legal_notice,
        data=texts.data(),
        recipients=texts.recipients(),
        retention=texts.retention(settings.retention),
        rights=texts.rights(),
    )
