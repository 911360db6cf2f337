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
from booking.exchange import views as exchange
from booking.house import views as settings
from booking.pages.park import (
    hours,
    jobs,
    leaving,
    organisations,
    people,
    places,
    policies,
    profiles,
    resources,
    retrying,
    samples,
)
from booking.pages.park.first_steps import first_steps

blueprint = Blueprint("park", __name__, url_prefix="/operator")
for page in (
    places.blueprint,
    resources.blueprint,
    hours.blueprint,
    profiles.blueprint,
    policies.blueprint,
    settings.blueprint,
    people.blueprint,
    leaving.blueprint,
    organisations.blueprint,
    exchange.blueprint,
    journal.blueprint,
    jobs.blueprint,
    retrying.blueprint,
    samples.blueprint,
):
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
    """What is missing before anybody can book, and the sections by what they are about."""
    return render_template(
        "park/start.html", page_title=_("The park"), steps=first_steps(), groups=_groups()
    )


def _groups() -> list[Group]:
    return [
        Group(
            _("Buildings and spaces"),
            (
                _section(
                    "park.places.buildings",
                    "building-2",
                    _("Buildings"),
                    _("With their floors and areas, the way in, access without steps."),
                ),
                _section(
                    "park.resources.index",
                    "armchair",
                    _("Spaces"),
                    _("Desks, rooms and machines: one by one or many at once, with photos."),
                ),
                _section(
                    "park.places.kinds",
                    "layout-grid",
                    _("Kinds of spaces"),
                    _("What they are called, and how they behave."),
                ),
                _section(
                    "park.places.features",
                    "projector",
                    _("Features"),
                    _("Equipment and properties that people look for."),
                ),
            ),
        ),
        Group(
            _("Rules"),
            (
                _section(
                    "park.policies.index",
                    "clipboard-check",
                    _("Policies"),
                    _("Who may book, how long, how far ahead, and who approves."),
                ),
                _section(
                    "authorisations.index",
                    "shield-check",
                    _("Authorisations"),
                    _("Who may use the spaces that ask for one, and until when."),
                ),
                _section(
                    "closures.index",
                    "wrench",
                    _("Closures"),
                    _("Maintenance and other times at which spaces are closed."),
                ),
                _section(
                    "holidays.index",
                    "calendar",
                    _("Public holidays"),
                    _("The year ahead: announced or estimated, and what closes."),
                ),
                _section(
                    "park.hours.index",
                    "clock",
                    _("Opening hours"),
                    _("Weeks by date, holidays and other exceptions."),
                ),
                _section(
                    "park.profiles.index",
                    "calendar-clock",
                    _("Ramadan and other profiles"),
                    _("Other hours from a day to a day, estimated or announced."),
                ),
                _section(
                    "park.places.site",
                    "globe",
                    _("Site"),
                    _("Its name, time zone, weekend and currency."),
                ),
            ),
        ),
        Group(
            _("People"),
            (
                _section(
                    "park.people.index",
                    "users",
                    _("People"),
                    _("Accounts, invitations, memberships, and who may do what."),
                ),
                _section(
                    "park.organisations.index",
                    "building-2",
                    _("Organisations"),
                    _("Who is in the park, who manages them, and who leaves."),
                ),
            ),
        ),
        Group(
            _("Upkeep"),
            (
                _section(
                    "park.settings.show",
                    "settings",
                    _("Settings"),
                    _("Name and logo, legal notice, personal data, mail."),
                ),
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
                    "park.exchange.show",
                    "arrow-down-up",
                    _("Import and export"),
                    _("Places and people from CSV files, and everything as one."),
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
