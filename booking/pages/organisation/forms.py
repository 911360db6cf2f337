"""The forms of an organisation's pages."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs

from booking.core.errors import Problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import OWN_NAMES, _
from booking.people import pasted
from booking.people import texts as people_texts
from booking.people.models import MemberRole
from booking.reservations.models import LIVE, State

ROLES = [SelectChoice(role.value, people_texts.MEMBER_ROLES[role]) for role in MemberRole]


class FilterForm(PageForm):
    """Of whom, and in which state; what cannot be read filters nothing."""

    when = HiddenField()
    person = SelectField(lazy_gettext("Booked for"), validate_choice=False)
    state = SelectField(lazy_gettext("State"), validate_choice=False)

    def offer(self, holders: Iterable[tuple[str, str]], is_past: bool) -> FilterForm:
        """Offer these persons, and the states that can stand in this list."""
        states = State if is_past else LIVE
        self.person.choices = [
            SelectChoice("", _("Everybody")),
            *(SelectChoice(public_id, name) for public_id, name in holders),
        ]
        self.state.choices = [
            SelectChoice("", _("Every state")),
            *(SelectChoice(state.value, people_state(state)) for state in states),
        ]
        return self

    def chosen_person(self) -> str | None:
        """The public id of a person, whoever it is."""
        try:
            return str(UUID(self.person.data or ""))
        except ValueError:
            return None

    def chosen_state(self) -> State | None:
        """A state that there is."""
        text = self.state.data or ""
        return State(text) if text in set(State) else None

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return self.chosen_person() is not None or self.chosen_state() is not None


class RoleForm(PageForm):
    """What somebody is in the organisation."""

    role = RadioField(lazy_gettext("Role"), choices=ROLES)


class InviteForm(PageForm):
    """Addresses as they were pasted, one a line."""

    addresses = TextAreaField(lazy_gettext("E-mail addresses, one a line"))
    role = RadioField(lazy_gettext("They come as"), choices=ROLES, default=MemberRole.MEMBER.value)
    language = SelectField(
        lazy_gettext("Language of the invitation"),
        choices=[SelectChoice(code, name) for code, name in OWN_NAMES.items()],
    )
    key = HiddenField()

    def problem_text(self, field: str, problem: Problem) -> str:
        if problem is Problem.MISSING:
            return _("Paste at least one e-mail address.")
        if problem is Problem.TOO_LONG:
            return _(
                "This list is too long: at most %(most)s lines. Send it in parts.", most=pasted.MOST
            )
        return super().problem_text(field, problem)


def people_state(state: State) -> str:
    """A state as an entry of the filter."""
    return {
        State.PENDING: _("Pending"),
        State.CONFIRMED: _("Confirmed"),
        State.DECLINED: _("Declined"),
        State.CANCELLED: _("Cancelled"),
        State.EXPIRED: _("Expired"),
    }[state]
