"""What the pages of every departure share: the reservations ahead, and the choice for each.

One list for all of them, and one for each of the first; what is sent carries the versions that were
shown, so that nothing is handed over or cancelled unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import request
from wtforms import Field, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs

from booking.core.errors import InvalidError, Problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, name_in, ngettext
from booking.people.members import Colleague
from booking.reservations import texts
from booking.reservations.departures import Choices, Done, Plan, PlanChangedError
from booking.reservations.queries import Details

SHOWN = 50  # reservations with a choice of their own
MOST_OPTIONS = 1500  # of all lists on one page; then only managers stand in the single ones
LONGEST_SEEN = 200_000  # characters
CANCEL = "cancel"
ISOLATE, END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


class DepartureForm(PageForm):
    """What shall become of the reservations."""

    seen = HiddenField()
    for_all = SelectField(
        lazy_gettext("What shall become of these reservations"), validate_choice=False
    )

    def problem_text(self, field: str, problem: Problem) -> str:
        if problem is Problem.MISSING:
            return _("Choose what shall become of these reservations.")
        return _("This colleague cannot take it over any more. Choose another.")


@dataclass(frozen=True)
class Page:
    """The part of the page that is about reservations."""

    form: DepartureForm
    rows: tuple[Field, ...]
    more: int  # reservations without a choice of their own
    plan: Plan


def page(plan: Plan, *, sent: bool, form_class: type[DepartureForm] = DepartureForm) -> Page:
    """The form for a plan: as it was sent, or empty."""
    shown = plan.reservations[:SHOWN]
    fields = {_field_of(one.public_id): _row(plan, one, len(shown)) for one in shown}
    chosen_form = type("ChosenForm", (form_class,), fields)
    form: DepartureForm = chosen_form(formdata=request.form if sent else None)
    form.for_all.choices = [
        SelectChoice("", _("Please choose.")),
        *_options(plan.takers_of_all),
    ]
    form.seen.data = " ".join(f"{key}:{version}" for key, version in plan.seen.items())
    return Page(form, tuple(form[name] for name in fields), len(plan.reservations) - SHOWN, plan)


def choices(plan: Plan) -> Choices:
    """What was sent; raises InvalidError where nothing was chosen."""
    if not plan.reservations:
        return Choices(seen=_seen())
    for_all = request.form.get("for_all", "")
    single = {
        one.public_id: _taker(_field_of(one.public_id), value)
        for one in plan.reservations
        if (value := request.form.get(_field_of(one.public_id), ""))
    }
    seen = _seen()
    if not for_all and any(one not in single for one in seen):
        raise InvalidError({"for_all": Problem.MISSING})
    return Choices(_taker("for_all", for_all or CANCEL), single, seen)


def show_problems(form: DepartureForm, error: InvalidError) -> None:
    """Name what was refused beside the list it belongs to."""

    def beside(name: str) -> str:
        one = _field_of(name)
        return one if one in form else name if name in form else "for_all"

    form.show(InvalidError({beside(name): problem for name, problem in error.fields.items()}))


def what_changed(error: PlanChangedError) -> list[str]:
    """What came, changed and went since the page was read, as sentences."""
    sentences = (
        (_("Booked since: %(references)s."), error.added),
        (_("Changed since: %(references)s."), error.changed),
        (_("No longer ahead: %(references)s."), error.gone),
    )
    return [text % {"references": ", ".join(found)} for text, found in sentences if found]


def what_was_done(end: str, done: Done) -> str:
    """That it ended, and the counts; none where nothing lay ahead."""
    parts = [end]
    if done.handed_over:
        parts.append(
            ngettext(
                "%(num)s reservation was handed over.",
                "%(num)s reservations were handed over.",
                done.handed_over,
            )
        )
    if done.cancelled:
        parts.append(
            ngettext(
                "%(num)s reservation was cancelled.",
                "%(num)s reservations were cancelled.",
                done.cancelled,
            )
        )
    return " ".join(parts)


def _field_of(public_id: str) -> str:
    return f"of-{public_id}"


def _row(plan: Plan, one: Details, rows: int) -> SelectField:
    takers = plan.takers_of(one)
    if len(takers) * rows > MOST_OPTIONS:
        takers = tuple(taker for taker in takers if taker.is_manager)
    return SelectField(
        _in_words(plan, one),
        choices=[SelectChoice("", _("As for all")), *_options(takers)],
        validate_choice=False,
    )


def _options(takers: Sequence[Colleague]) -> list[SelectChoice]:
    return [
        SelectChoice(CANCEL, _("Cancel it")),
        *(SelectChoice(one.public_id, _("Hand over to %(name)s", name=one.name)) for one in takers),
    ]


def _in_words(plan: Plan, one: Details) -> str:
    spots = [place.spot for place in one.places]
    words = (
        ", ".join(f"{name_in(spot.kind_names)} {spot.code}" for spot in spots),
        texts.period(one.local),
        one.title,
        one.person.name if plan.person is None else "",
        one.reference,
    )
    # A label is plain text: what was typed is kept apart by signs instead of elements.
    return " · ".join(f"{ISOLATE}{word}{END_OF_ISOLATE}" for word in words if word)


def _taker(field: str, value: str) -> str | None:
    if value == CANCEL:
        return None
    return _checked_id(field, value)


def _checked_id(field: str, text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise InvalidError({field: Problem.NOT_FOUND}) from error


def _seen() -> dict[str, int]:
    """What the form carries; anything that it did not make counts as having seen nothing."""
    found: dict[str, int] = {}
    for part in request.form.get("seen", "")[:LONGEST_SEEN].split():
        public_id, _colon, version = part.partition(":")
        if version.isascii() and version.isdigit():
            try:
                found[str(UUID(public_id))] = int(version[:9])
            except ValueError:
                continue
    return found
