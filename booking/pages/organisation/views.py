"""The pages of an organisation: who is where today, its members, its reservations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from booking.core import csv_text, i18n
from booking.core.csv_text import Cell
from booking.core.i18n import _, format_clock, format_day
from booking.core.permissions import Action, Actor, allows
from booking.core.web import acts, current_actor
from booking.pages.organisation import queries
from booking.pages.organisation.blueprint import blueprint, path
from booking.pages.organisation.forms import FilterForm
from booking.people import members, organisations, terms
from booking.people import texts as people_texts
from booking.people.members import KnownOrganisation, Member
from booking.people.models import Person
from booking.people.viewings import note_views
from booking.reservations import presence, texts
from booking.reservations.presence import Presence
from booking.reservations.queries import Details

PAGE = 20
LAST_PAGE = 9_999
MOST_IN_A_FILE = 10_000


@dataclass(frozen=True)
class Choice:
    """One of several links."""

    url: str
    label: str
    current: bool


@dataclass(frozen=True)
class PresentLine:
    """Somebody who is somewhere today, in words."""

    name: str
    icon: str
    kind: str
    code: str
    where: str
    times: tuple[str, str]
    is_now: bool


@dataclass(frozen=True)
class MemberLine:
    """A member in words; `url` leads to what a manager may do with them."""

    name: str
    email: str
    role: str
    is_manager: bool
    is_invited: bool
    term: str
    url: str
    reservations_url: str


@dataclass(frozen=True)
class Day:
    """The reservations that begin on one day."""

    title: str
    reservations: tuple[Details, ...]


@blueprint.get("")
@acts(Action.SEE_ORGANISATIONS)
def mine() -> ResponseReturnValue:
    """The first of the reader's organisations, or what to do without one."""
    actor = current_actor()
    if not actor.memberships:
        return render_template("organisation/none.html", page_title=_("My organisation"))
    return show(UUID(actor.memberships[0].public_id))


@blueprint.get("/<uuid:public_id>")
@acts(Action.SEE_ORGANISATION)
def show(public_id: UUID) -> ResponseReturnValue:
    """Figures, who is where today, and whether the reader is shown there too."""
    actor = current_actor()
    organisation = members.organisation(actor, str(public_id))
    page = page_number()
    sees_presence = allows(actor, Action.SEE_PRESENCE, organisation)
    found = _present(actor, organisation, page) if sees_presence else []
    return render_template(
        "organisation/show.html",
        **frame(actor, organisation, "show"),
        member_count=members.count(organisation.organisation_id),
        figures=queries.figures(organisation),
        sees_presence=sees_presence,
        present=[_present_line(one) for one in found[:PAGE]],
        shows_presence=organisations.shows_presence(actor),
        **turning("show", organisation, page, has_more=len(found) > PAGE),
    )


@blueprint.get("/<uuid:public_id>/members")
@acts(Action.SEE_ORGANISATION)
def people(public_id: UUID) -> ResponseReturnValue:
    """Its members, managers first."""
    actor = current_actor()
    organisation = members.organisation(actor, str(public_id))
    page, manages = page_number(), _manages(actor, organisation)
    found = members.members(organisation.organisation_id, limit=PAGE + 1, offset=(page - 1) * PAGE)
    if manages:  # who sees their addresses
        note_views(actor, Person.id.in_([one.person_id for one in found[:PAGE]]))
    return render_template(
        "organisation/members.html",
        **frame(actor, organisation, "people"),
        lines=[_member_line(one, organisation, manages) for one in found[:PAGE]],
        **turning("people", organisation, page, has_more=len(found) > PAGE),
    )


@blueprint.get("/<uuid:public_id>/members.csv")
@acts(Action.MANAGE_ORGANISATION)
def people_file(public_id: UUID) -> ResponseReturnValue:
    """The members as a file for spreadsheets, with their addresses."""
    actor = current_actor()
    organisation = members.organisation(actor, str(public_id), Action.MANAGE_ORGANISATION)
    note_views(actor, Person.id.in_(members.inside(organisation.organisation_id)))
    rows = list(_rows(organisation))
    response = Response(csv_text.octets(rows), mimetype=csv_text.MIME_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="members.csv"'
    return response


@blueprint.get("/<uuid:public_id>/reservations")
@acts(Action.SEE_ORGANISATION)
def reservations(public_id: UUID) -> ResponseReturnValue:
    """What is reserved for it: to come, or past and closed; of one member, or in one state."""
    actor = current_actor()
    organisation = members.organisation(actor, str(public_id))
    is_past = request.args.get("when") == "past"
    form = FilterForm(formdata=request.args)
    form.offer(queries.holders(organisation, also=form.chosen_person()), is_past)
    page = page_number()
    found = queries.reserved(
        actor,
        organisation,
        is_past=is_past,
        person_id=form.chosen_person(),
        state=form.chosen_state(),
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )
    here = {"public_id": organisation.public_id}
    return render_template(
        "organisation/reservations.html",
        **frame(actor, organisation, "reservations"),
        form=form,
        when=(
            Choice(path("reservations", **here), _("Upcoming"), not is_past),
            Choice(
                path("reservations", when="past", **here),
                _("Past and closed"),
                is_past,
            ),
        ),
        days=_by_day(found[:PAGE]),
        is_past=is_past,
        is_filtered=form.is_filtered,
        all_url=path("reservations", when="past" if is_past else None, **here),
        texts=texts,
        **turning(
            "reservations",
            organisation,
            page,
            has_more=len(found) > PAGE,
            when="past" if is_past else None,
            person=form.chosen_person(),
            state=form.chosen_state(),
        ),
    )


# --- what the pages share ---


def frame(
    actor: Actor, organisation: KnownOrganisation, current: str, title: str = ""
) -> dict[str, object]:
    """Title, tabs, other organisations, and whether the reader manages this one."""
    here = {"public_id": organisation.public_id}
    tabs = (("show", _("Today")), ("people", _("Members")), ("reservations", _("Reservations")))
    return {
        "page_title": title or organisation.name,
        "organisation": organisation,
        "manages": _manages(actor, organisation),
        "tabs": [Choice(path(name, **here), label, name == current) for name, label in tabs],
        "others": [one for one in actor.memberships if one.public_id != organisation.public_id],
    }


def page_number() -> int:
    """The page that the address asks for; the first for anything else."""
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PAGE))
    return max(1, min(int(text), LAST_PAGE)) if is_number else 1


def turning(
    page_name: str, organisation: KnownOrganisation, page: int, *, has_more: bool, **kept: object
) -> dict[str, str | None]:
    """The addresses of the pages before and after."""

    def url(number: int) -> str:
        shown = number if number > 1 else None
        return path(page_name, public_id=organisation.public_id, page=shown, **kept)

    return {
        "newer_url": url(page - 1) if page > 1 else None,
        "older_url": url(page + 1) if has_more else None,
    }


def term_in_words(valid_from: date, valid_until: date | None) -> str:
    """From when, and until when where that is known."""
    first = format_day(valid_from)
    if valid_until is not None:
        return _("%(first)s – %(last)s", first=first, last=format_day(valid_until))
    if valid_from > terms.today():
        return _("From %(day)s", day=first)
    return _("Since %(day)s", day=first)


def _manages(actor: Actor, organisation: KnownOrganisation) -> bool:
    return allows(actor, Action.MANAGE_ORGANISATION, organisation)


def _present(actor: Actor, organisation: KnownOrganisation, page: int) -> list[Presence]:
    return presence.present(actor, organisation, limit=PAGE + 1, offset=(page - 1) * PAGE)


def _present_line(one: Presence) -> PresentLine:
    spot = one.place.spot
    return PresentLine(
        name=one.name,
        icon=spot.kind_icon,
        kind=i18n.name_in(spot.kind_names),
        code=spot.code,
        where=texts.where(one.place),
        times=(
            format_clock(one.local.starts_at),
            texts.end_clock(one.local.starts_at, one.local.ends_at),
        ),
        is_now=one.is_now,
    )


def _member_line(one: Member, organisation: KnownOrganisation, manages: bool) -> MemberLine:
    here = {"public_id": organisation.public_id}
    return MemberLine(
        name=one.name,
        email=one.email if manages else "",
        role=str(people_texts.MEMBER_ROLES[one.role]),
        is_manager=one.is_manager,
        is_invited=manages and not one.has_password,
        term=term_in_words(one.valid_from, one.valid_until),
        url=path("member", person_id=one.public_id, **here) if manages else "",
        reservations_url=path("reservations", person=one.public_id, **here),
    )


def _rows(organisation: KnownOrganisation) -> Iterator[Sequence[Cell]]:
    yield (_("Name"), _("E-mail address"), _("Role"), _("From"), _("Until"))
    for one in members.members(organisation.organisation_id, limit=MOST_IN_A_FILE):
        yield (
            one.name,
            one.email,
            str(people_texts.MEMBER_ROLES[one.role]),
            one.valid_from.isoformat(),
            one.valid_until.isoformat() if one.valid_until else "",
        )


def _by_day(found: Sequence[Details]) -> list[Day]:
    days = groupby(found, key=lambda one: one.local.starts_at.date())
    return [Day(format_day(day), tuple(reservations)) for day, reservations in days]
