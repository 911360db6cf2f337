"""The pages of authorisations: the list with its search and its file, giving one, prolonging it
and taking it back; and one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.authorisations import queries, service, words
from booking.authorisations.forms import GiveForm, ProlongForm, SearchForm
from booking.authorisations.queries import Given, Standing
from booking.core import csv_text, ids, web
from booking.core.csv_text import Cell
from booking.core.errors import InvalidError
from booking.core.i18n import _, format_day, name_in
from booking.core.idempotency import Answer
from booking.core.months import day_from
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.people import terms
from booking.people.models import Person
from booking.people.viewings import note_views

PAGE = 50
PROPOSED = timedelta(days=365)
HEADER = ("person_id", "person", "email", "group", "group_name", "given_by", "given_on",
          "valid_until", "state", "note")  # fmt: skip
TONES = {
    Standing.VALID: ("good", "circle-check"),
    Standing.LAPSING: ("warn", "hourglass"),
    Standing.LAPSED: ("bad", "circle-alert"),
}

pages = Blueprint("authorisations", __name__, url_prefix="/authorisations")


@dataclass(frozen=True)
class Row:
    """An authorisation in a list."""

    public_id: str
    person: str
    group: str
    until: str
    given: str
    giver: str
    note: str
    state: str
    tone: str
    icon: str


@pages.get("")
@acts(Action.AUTHORISE)
def index() -> ResponseReturnValue:
    """Who is authorised in the groups of one's spaces; those that lapse first stand first."""
    actor = current_actor()
    groups = queries.groups(actor)
    form = SearchForm(request.args, groups)
    is_sound = form.validate()
    found = _found(form, limit=PAGE + 1, after=_after()) if is_sound else []
    shown = found[:PAGE]
    asked = {name: text for name, text in request.args.items() if name != "after" and text}
    place = f"{shown[-1].valid_until.isoformat()}.{shown[-1].id}" if shown else ""
    answer = render_template(
        "authorisations/list.html",
        page_title=_("Authorisations"),
        form=form,
        rows=rows(shown),
        all_url=url_for(".index"),
        export_url=web.path_of("authorisations.export", **asked),
        is_filtered=bool(asked),
        may_give=bool(groups),
        first_url=web.path_of("authorisations.index", **asked) if _after() else None,
        more_url=web.path_of("authorisations.index", **asked, after=place)
        if len(found) > PAGE
        else None,
    )
    return answer, 200 if is_sound else 422


@pages.get("/export.csv")
@acts(Action.AUTHORISE)
def export() -> ResponseReturnValue:
    """All that the search finds, as a file for the safety audit; the journal says who took it."""
    actor = current_actor()
    form = SearchForm(request.args, queries.groups(actor))
    if not form.validate():
        return redirect(url_for(".index"), 303)
    found = _found(form)
    note_views(actor, Person.id.in_({one.person_id for one in found}))
    service.note_export(actor, len(found))
    return web.answer_file(csv_text.octets(_cells(found)), "authorisations.csv", csv_text.MIME_TYPE)


@pages.get("/new")
@acts(Action.AUTHORISE)
def new() -> ResponseReturnValue:
    """The empty form."""
    form = GiveForm(
        formdata=None,
        valid_until=terms.today() + PROPOSED,
        idempotency_key=ids.new_public_id(),
    )
    return _new_page(form)


@pages.post("")
@acts(Action.AUTHORISE)
def create() -> ResponseReturnValue:
    """Give it."""
    actor = current_actor()
    form = GiveForm().offer(queries.groups(actor))

    def act() -> Answer:
        made = service.give(
            actor,
            email=form.email.data or "",
            policy_id=form.group.data,
            valid_until=form.valid_until.data or date.min,
            note=form.note.data or "",
        )
        return Answer(303, made)

    if not form.validate():
        return _new_page(form), 422
    try:
        web.once_for_form(actor, form.key, act)
    except InvalidError as error:
        form.show(error)
        return _new_page(form), 422
    flash(_("The authorisation is given."), "ok")
    return redirect(url_for(".index"), 303)


@pages.get("/<uuid:public_id>")
@acts(Action.AUTHORISE)
def edit(public_id: UUID) -> ResponseReturnValue:
    """One of them: until when, and the ways to prolong it and to take it back."""
    found = queries.one(current_actor(), str(public_id))
    form = ProlongForm(
        formdata=None,
        valid_until=found.valid_until,
        note=found.note,
        idempotency_key=ids.new_public_id(),
    )
    return _one_page(found, form)


@pages.post("/<uuid:public_id>")
@acts(Action.AUTHORISE)
def prolong(public_id: UUID) -> ResponseReturnValue:
    """Let it hold until another day."""
    actor = current_actor()
    found = queries.one(actor, str(public_id))
    form = ProlongForm()
    if not form.validate():
        return _one_page(found, form), 422
    try:
        service.prolong(
            actor,
            found.public_id,
            valid_until=form.valid_until.data or date.min,
            note=form.note.data or "",
        )
    except InvalidError as error:
        form.show(error)
        return _one_page(found, form), 422
    flash(_("The authorisation is changed."), "ok")
    return redirect(url_for(".index"), 303)


@pages.get("/<uuid:public_id>/end")
@acts(Action.AUTHORISE)
def ask_end(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    found = queries.one(current_actor(), str(public_id))
    return render_template(
        "authorisations/end.html",
        page_title=_("Take the authorisation back"),
        found=found,
        group=name_in(found.names),
    )


@pages.post("/<uuid:public_id>/end")
@acts(Action.AUTHORISE)
def end(public_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    service.take_back(current_actor(), str(public_id))
    flash(_("The authorisation is taken back."), "ok")
    return redirect(url_for(".index"), 303)


@pages.get("/mine")
@acts(Action.MANAGE_OWN_ACCOUNT)
def mine() -> ResponseReturnValue:
    """One's own."""
    return render_template(
        "authorisations/mine.html",
        page_title=_("My authorisations"),
        rows=rows(queries.own(current_actor())),
    )


def rows(found: Sequence[Given]) -> list[Row]:
    """The lines of a list."""
    today = terms.today()
    states = words.standings()
    return [
        Row(
            one.public_id,
            one.person.name,
            name_in(one.names),
            _("Valid until %(day)s", day=format_day(one.valid_until)),
            _("Given on %(day)s", day=format_day(one.given_on)),
            one.given_by.name,
            one.note,
            states[one.standing(today)],
            *TONES[one.standing(today)],
        )
        for one in found
    ]


def _found(
    form: SearchForm, *, limit: int | None = None, after: tuple[date, int] | None = None
) -> list[Given]:
    return queries.given(
        current_actor(),
        text=form.text.data or "",
        standing=form.wanted_standing,
        policy_id=form.wanted_group,
        limit=limit,
        after=after,
    )


def _cells(found: Sequence[Given]) -> Iterator[Sequence[Cell]]:
    today = terms.today()
    yield HEADER
    for one in found:
        yield (
            one.person.public_id,
            one.person.name,
            one.email,
            one.policy_id,
            name_in(one.names),
            one.given_by.name,
            one.given_on.isoformat(),
            one.valid_until.isoformat(),
            one.standing(today).value,
            one.note,
        )


def _after() -> tuple[date, int] | None:
    """The place in the list that the address names; nonsense begins at the first."""
    day, _dot, key = request.args.get("after", "").partition(".")
    found = day_from(day)
    is_key = key.isascii() and key.isdigit() and len(key) < 10
    return (found, int(key)) if found and is_key else None


def _new_page(form: GiveForm) -> str:
    return render_template(
        "authorisations/new.html",
        page_title=_("Give an authorisation"),
        form=form.offer(queries.groups(current_actor())),
        today=terms.today(),
    )


def _one_page(found: Given, form: ProlongForm) -> str:
    return render_template(
        "authorisations/one.html",
        page_title=_("Authorisation"),
        form=form,
        row=rows([found])[0],
        today=terms.today(),
    )
