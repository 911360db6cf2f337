"""The forms of authorisations: searching the list, giving one, and prolonging it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from werkzeug.datastructures import MultiDict
from wtforms import EmailField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs
from wtforms.validators import DataRequired, Length, Optional

from booking.authorisations import words
from booking.authorisations.models import LONGEST_NOTE
from booking.authorisations.queries import Group, Standing
from booking.core.errors import Problem
from booking.core.fields import DayField
from booking.core.forms import OnceForm, PageForm, lazy_gettext
from booking.core.i18n import _, name_in

TOO_LONG = lazy_gettext("This is too long. Shorten it.")
MISSING = lazy_gettext("Please fill this in.")


class SearchForm(PageForm):
    """What is looked for; sent with GET, so that a search has an address."""

    text = StringField(lazy_gettext("Name"), [Length(max=100, message=TOO_LONG)], name="q")
    standing = SelectField(lazy_gettext("State"), [Optional()])
    group = SelectField(lazy_gettext("For which spaces"), [Optional()])

    def __init__(self, arguments: MultiDict[str, str], groups: Sequence[Group]) -> None:
        super().__init__(formdata=arguments)
        self.standing.choices = [
            SelectChoice("", _("Any")),
            *(SelectChoice(one.value, text) for one, text in words.standings().items()),
        ]
        self.group.choices = [
            SelectChoice("", _("Any")),
            *(SelectChoice(str(one.policy_id), name_in(one.names)) for one in groups),
        ]

    @property
    def wanted_standing(self) -> Standing | None:
        """The state that is looked for."""
        return Standing(self.standing.data) if self.standing.data else None

    @property
    def wanted_group(self) -> int | None:
        """The key of the policy that is looked for."""
        return int(self.group.data) if self.group.data else None


class ProlongForm(OnceForm):
    """Until when, and a note."""

    valid_until = DayField(lazy_gettext("Valid until"))
    note = StringField(
        lazy_gettext("Note"), [Optional(), Length(max=LONGEST_NOTE, message=TOO_LONG)]
    )

    def problem_text(self, field: str, problem: Problem) -> str:
        return words.problem(field, problem)


class GiveForm(ProlongForm):
    """To whom, for which group."""

    email = EmailField(
        lazy_gettext("E-mail address of the person"),
        [DataRequired(MISSING), Length(max=254, message=TOO_LONG)],
    )
    group = SelectField(lazy_gettext("For which spaces"), coerce=int)

    def offer(self, groups: Sequence[Group]) -> Self:
        """Fill the list of groups."""
        self.group.choices = [SelectChoice(one.policy_id, name_in(one.names)) for one in groups]
        return self
