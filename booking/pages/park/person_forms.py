"""The forms about people: who is invited, what is corrected, what is given."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import EmailField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs
from wtforms.validators import DataRequired, Optional

from booking.core.errors import Problem
from booking.core.forms import PageForm, lazy_gettext, problem_text
from booking.core.i18n import OWN_NAMES, _
from booking.people import texts
from booking.people.models import MemberRole
from booking.spaces.granting import Office

LANGUAGES = [SelectChoice(code, name) for code, name in OWN_NAMES.items()]
MEMBER_ROLES = [
    SelectChoice(MemberRole.MEMBER.value, lazy_gettext("Member")),
    SelectChoice(MemberRole.MANAGER.value, lazy_gettext("Manager of the organisation")),
]
OFFICES = {
    Office.LAB_MANAGER_OF_RESOURCE: lazy_gettext("Lab manager of a space"),
    Office.LAB_MANAGER_OF_AREA: lazy_gettext("Lab manager of an area"),
    Office.RECEPTION: lazy_gettext("Reception of a building"),
    Office.AUDITOR: lazy_gettext("Auditor: sees everything, changes nothing"),
    Office.OPERATOR: lazy_gettext("Operator: runs the park"),
}


class PersonForm(PageForm):
    """Somebody's account."""

    name = StringField(lazy_gettext("Name"), [DataRequired(lazy_gettext("Enter a name."))])
    email = EmailField(
        lazy_gettext("E-mail address"), [DataRequired(lazy_gettext("Enter an e-mail address."))]
    )
    language = SelectField(lazy_gettext("Language"), choices=LANGUAGES)

    def problem_text(self, field: str, problem: Problem) -> str:
        if field == "email":
            return texts.email_problem(problem)
        return problem_text(problem)


class NewPersonForm(PersonForm):
    """Somebody who is invited, to an organisation or to none."""

    organisation = SelectField(lazy_gettext("Organisation"), [Optional()])
    role = SelectField(lazy_gettext("Role in the organisation"), choices=MEMBER_ROLES)

    def offer(self, organisations: Sequence[tuple[str, str]]) -> NewPersonForm:
        """Offer these organisations, or none."""
        self.organisation.choices = [SelectChoice("", _("None")), *_choices(organisations)]
        return self


class MembershipForm(PageForm):
    """An organisation that somebody joins."""

    organisation = SelectField(
        lazy_gettext("Organisation"), [DataRequired(lazy_gettext("Choose an organisation."))]
    )
    role = SelectField(lazy_gettext("Role in the organisation"), choices=MEMBER_ROLES)

    def offer(self, organisations: Sequence[tuple[str, str]]) -> MembershipForm:
        """Offer these organisations."""
        self.organisation.choices = [SelectChoice("", _("Choose…")), *_choices(organisations)]
        return self


class GrantForm(PageForm):
    """What the park gives somebody, and for which place."""

    FIELD_OF = {"role": "office"}  # noqa: RUF012  # a constant of the base class

    office = RadioField(
        lazy_gettext("Role"),
        [DataRequired(lazy_gettext("Choose a role."))],
        choices=[SelectChoice(office.value, text) for office, text in OFFICES.items()],
    )
    code = StringField(lazy_gettext("Code of the place"))

    def problem_text(self, field: str, problem: Problem) -> str:
        if field == "code" and problem is Problem.NOT_FOUND:
            return _("No such place has this code. Check how it is written.")
        if problem is Problem.CLOSED:
            return _("This account is closed. Open it again first.")
        return problem_text(problem)


def _choices(organisations: Sequence[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(public_id, name) for public_id, name in organisations]
