"""The forms of sign-in and profile: typed values, and problems named beside their fields."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import DataRequired, Length

from booking.core.errors import InvalidError
from booking.people.texts import lazy_gettext, problem_text


class PageForm(FlaskForm):
    """A form of a page; the frame has already asked for the CSRF token."""

    class Meta:
        csrf = False

    def __init__(self, **values: object) -> None:
        super().__init__(**values)  # type: ignore[no-untyped-call]  # half-annotated

    def show(self, error: InvalidError) -> None:
        """Name what the service refused beside the fields; what has no field stands above."""
        for name, problem in error.fields.items():
            text = problem_text(problem)
            if name in self:
                self[name].errors = [*self[name].errors, text]
            else:
                self.form_errors.append(text)


class SignInForm(PageForm):
    """Who signs in, and where to go then."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
    )
    password = PasswordField(
        lazy_gettext("Password"), [DataRequired(lazy_gettext("Enter your password."))]
    )
    next = HiddenField()
