"""The forms of sign-in and profile: typed values, and problems named beside their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from wtforms import (
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs
from wtforms.validators import DataRequired, EqualTo, Length
from wtforms.widgets import CheckboxInput

from booking.core.errors import Problem
from booking.core.fields import DayField
from booking.core.forms import OnceForm, PageForm, lazy_gettext
from booking.core.forms import problem_text as general_text
from booking.core.i18n import OWN_NAMES
from booking.core.permissions import Scope
from booking.people import texts, tokens
from booking.people.models import FeedDetail

LANGUAGES = [SelectChoice(code, name) for code, name in OWN_NAMES.items()]
NAME_IS_MISSING = lazy_gettext("Enter a name by which you will recognise it.")
NOBODY_IS_NAMED = lazy_gettext("Enter the e-mail address of the person who decides for you.")
NAME_IS_TOO_LONG = lazy_gettext("Choose a shorter name: at most 80 characters.")


class AccountForm(PageForm):
    """A form about an account or one of its secrets."""

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.problem_text(problem)


class SignInForm(AccountForm):
    """Who signs in, and where to go then."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
    )
    password = PasswordField(
        lazy_gettext("Password"), [DataRequired(lazy_gettext("Enter your password."))]
    )
    next = HiddenField()


class NewPasswordForm(AccountForm):
    """A password and the same again: without scripts nobody can look at what was typed."""

    password = PasswordField(
        lazy_gettext("New password"), [DataRequired(lazy_gettext("Enter a new password."))]
    )
    again = PasswordField(
        lazy_gettext("The same password again"),
        [EqualTo("password", lazy_gettext("The two passwords are not the same."))],
    )


class OpenAccountForm(NewPasswordForm):
    """What somebody who is invited says of themselves, and their first password."""

    name = StringField(lazy_gettext("Your name"), [DataRequired(lazy_gettext("Enter your name."))])
    language = SelectField(lazy_gettext("Language"), choices=LANGUAGES)

    def problem_text(self, field: str, problem: Problem) -> str:
        of_field = texts.problem_text if field == "password" else general_text
        return of_field(problem)


class ForgottenForm(AccountForm):
    """Whose password is forgotten."""

    email = EmailField(
        lazy_gettext("E-mail address"), [DataRequired(lazy_gettext("Enter your e-mail address."))]
    )

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.email_problem(problem)


class ChangePasswordForm(NewPasswordForm):
    """The same, by somebody who knows the present one."""

    current = PasswordField(
        lazy_gettext("Current password"),
        [DataRequired(lazy_gettext("Enter your current password."))],
    )


class LanguageForm(AccountForm):
    """In which language the house writes to this person."""

    language = SelectField(lazy_gettext("Language"), choices=LANGUAGES)


class FeedForm(AccountForm):
    """A new calendar address."""

    name = StringField(
        lazy_gettext("Name"),
        [DataRequired(NAME_IS_MISSING), Length(max=tokens.LONGEST_NAME, message=NAME_IS_TOO_LONG)],
    )
    detail = RadioField(
        lazy_gettext("What the calendar shows"),
        choices=[SelectChoice(detail.value, text) for detail, text in texts.DETAILS.items()],
        default=FeedDetail.FULL.value,
    )
    language = SelectField(lazy_gettext("Language"), choices=LANGUAGES)


class DeputyForm(OnceForm, AccountForm):
    """Who decides while its writer is away, and from which day until which day."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {"from": "first_day", "until": "last_day"}

    deputy = EmailField(
        lazy_gettext("E-mail address of the deputy"),
        [DataRequired(NOBODY_IS_NAMED), Length(max=254)],
    )
    first_day = DayField(lazy_gettext("First day"))
    last_day = DayField(lazy_gettext("Last day"))

    def problem_text(self, field: str, problem: Problem) -> str:
        return texts.deputy_problem(field, problem)


class TokenForm(AccountForm):
    """A new API token; the scopes offered are those that would let this person do something."""

    name = StringField(
        lazy_gettext("Name"),
        [DataRequired(NAME_IS_MISSING), Length(max=tokens.LONGEST_NAME, message=NAME_IS_TOO_LONG)],
    )
    scopes = SelectMultipleField(
        lazy_gettext("What it may do"),
        [DataRequired(lazy_gettext("Choose at least one."))],
        option_widget=CheckboxInput(),
    )

    def offer(self, scopes: Sequence[Scope]) -> TokenForm:
        """Offer these scopes and no others."""
        self.scopes.choices = [SelectChoice(scope.value, texts.SCOPES[scope]) for scope in scopes]
        return self
