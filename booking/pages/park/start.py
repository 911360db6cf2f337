"""The operator's first page: everything that can be looked after, in groups."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from booking.audit import views as journal
from booking.core import web
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts
from booking.pages.park import jobs, people, samples

blueprint = Blueprint("park", __name__, url_prefix="/operator")
for page in (people.blueprint, journal.blueprint, jobs.blueprint, samples.blueprint):
    blueprint.register_blueprint(page)


@dataclass(frozen=True)
class Section:
    """One thing to look after, and what can be done there."""

    url: str
    icon: str
    label: str
    explanation: str


@dataclass(frozen=True)
class Group:
    """Sections that belong together."""

    label: str
    sections: tuple[Section, ...]


@blueprint.get("")
@acts(Action.OPERATE)
def show() -> ResponseReturnValue:
    """The sections, by what they are about."""
    return render_template("park/start.html", page_title=_("The park"), groups=_groups())


def _groups() -> list[Group]:
    return [
        Group(
            _("People"),
            (
                _section(
                    "park.people.index",
                    "users",
                    _("People"),
                    _("Accounts, invitations, memberships, and who may do what."),
                ),
            ),
        ),
        Group(
            _("Upkeep"),
            (
                _section(
                    "operator.messages",
                    "mail",
                    _("Messages"),
                    _("What was sent, what is planned, and how it looks."),
                ),
                _section(
                    "park.samples.index",
                    "languages",
                    _("What messages look like"),
                    _("Each kind of message in each language."),
                ),
                _section(
                    "park.journal.show",
                    "history",
                    _("Journal"),
                    _("Who did what when, with the values before and after."),
                ),
                _section(
                    "operator.verify",
                    "shield-check",
                    _("Checks"),
                    _("Whether the data keeps its promises."),
                ),
                _section(
                    "park.jobs.show",
                    "clipboard-check",
                    _("Jobs"),
                    _("When each of them last ran, what waits, and what failed."),
                ),
            ),
        ),
    ]


def _section(endpoint: str, icon: str, label: str, explanation: str) -> Section:
    return Section(web.path_of(endpoint), icon, label, explanation)
