"""The operator's button that lets the worker try a message once more."""

from __future__ import annotations

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue

from booking.checks import backlog
from booking.core import web
from booking.core.errors import NotFoundError
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts, current_actor

LARGEST_ID = 2**31 - 1

blueprint = Blueprint("retrying", __name__, url_prefix="/messages")


@blueprint.post(f"/<int(max={LARGEST_ID}):message_id>/try-again")
@acts(Action.OPERATE)
def message(message_id: int) -> ResponseReturnValue:
    """Try it again; one that went out meanwhile stays as it is."""
    try:
        backlog.try_message_again(current_actor(), message_id)
    except NotFoundError:
        flash(_("There is no reason to try this message again any more."), "warn")
    else:
        flash(_("The message is tried again with the next run."), "ok")
    address = web.path_of("operator.message", message_id=message_id)
    return redirect(address, 303)  # nosemgrep: redirect-elsewhere
