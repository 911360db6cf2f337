"""Inviting by a pasted list: read line by line, shown, then sent."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue

from booking.core import ids, web
from booking.core.errors import InvalidError
from booking.core.i18n import _, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages.organisation.blueprint import blueprint, path
from booking.pages.organisation.forms import InviteForm
from booking.pages.organisation.views import frame
from booking.people import members, pasted
from booking.people.members import KnownOrganisation
from booking.people.models import MemberRole
from booking.people.pasted import Line, Standing


@blueprint.get("/<uuid:public_id>/invitations")
@acts(Action.MANAGE_ORGANISATION)
def invite(public_id: UUID) -> ResponseReturnValue:
    """The form."""
    organisation = _organisation(public_id)
    form = InviteForm(
        formdata=None, key=ids.new_public_id(), language=web.settings().default_language
    )
    return _page(organisation, form)


@blueprint.post("/<uuid:public_id>/invitations/preview")
@acts(Action.MANAGE_ORGANISATION)
def preview(public_id: UUID) -> ResponseReturnValue:
    """What the program makes of each line; nothing is sent."""
    organisation, form = _organisation(public_id), InviteForm()
    try:
        lines = _read(organisation, form)
    except InvalidError as error:
        form.show(error)
        return _page(organisation, form), 422
    return _page(organisation, form, lines)


@blueprint.post("/<uuid:public_id>/invitations")
@acts(Action.MANAGE_ORGANISATION)
def send(public_id: UUID) -> ResponseReturnValue:
    """Invite everybody whose line can be read; sent twice, it invites once."""
    organisation, form = _organisation(public_id), InviteForm()
    try:
        lines = _read(organisation, form)
        if not any(line.is_sent for line in lines):
            return _page(organisation, form, lines), 422
        count = _send_once(organisation, form, lines)
    except InvalidError as error:
        form.show(error)
        return _page(organisation, form), 422
    flash(
        ngettext("%(num)s invitation is sent.", "%(num)s invitations are sent.", count),
        "ok",
    )
    return redirect(path("people", public_id=public_id), 303)  # nosemgrep: redirect-elsewhere


def _send_once(organisation: KnownOrganisation, form: InviteForm, lines: Sequence[Line]) -> int:
    actor = current_actor()

    def act() -> Answer:
        made = pasted.invite(
            actor,
            organisation,
            lines,
            role=MemberRole(form.role.data),
            language=form.language.data,
        )
        return Answer(200, str(len(made)))

    return int(web.once_for_form(actor, form.key.data, act).location)


def _read(organisation: KnownOrganisation, form: InviteForm) -> list[Line]:
    """Raises InvalidError for a list that is empty or too long, and for choices there are not."""
    lines = pasted.read(organisation, form.addresses.data or "")
    if not form.validate():
        raise InvalidError({})
    return lines


def _organisation(public_id: UUID) -> KnownOrganisation:
    return members.organisation(current_actor(), str(public_id), Action.MANAGE_ORGANISATION)


def _page(
    organisation: KnownOrganisation, form: InviteForm, lines: Sequence[Line] | None = None
) -> str:
    sent = [line for line in lines or () if line.is_sent]
    return render_template(
        "organisation/invite.html",
        **frame(current_actor(), organisation, "people", _("Invite people")),
        form=form,
        lines=lines,
        sent=sent,
        words=_words(),
        most=pasted.MOST,
    )


def _words() -> dict[Standing, str]:
    return {
        Standing.NEW: _("Is invited"),
        Standing.WAITS: _("Was invited already, gets another mail"),
        Standing.MEMBER: _("Is a member already"),
        Standing.TWICE: _("Stands in the list twice"),
        Standing.UNREADABLE: _("Is no e-mail address"),
    }
