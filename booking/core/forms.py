"""What the forms of all pages share: problems that a service names stand beside their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FileField, HiddenField

from booking.core import i18n
from booking.core.errors import InvalidError, Problem, TooManyError
from booking.core.i18n import _

# WTForms takes any object that becomes a text; its type stubs know only str.
lazy_gettext: Callable[[str], str] = i18n.lazy_gettext  # type: ignore[assignment]  # see above

_KEY = re.compile(r"[\w-]{8,80}", re.ASCII)


class PageForm(FlaskForm):
    """A form of a page; the frame has already asked for the CSRF token.

    `FIELD_OF` says what the page calls a field that the service calls something else.
    """

    FIELD_OF: ClassVar[Mapping[str, str]] = {}

    class Meta:
        csrf = False

        def wrap_formdata(
            self,
            form: PageForm,
            formdata: Any,  # Any: what the form was given, or Flask-WTF's mark for «what was sent»
        ) -> MultiDict[str, Any] | None:  # Any: texts and files
            """What was sent: texts, and files where the form takes one; nothing that is JSON."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            if request.method in {"GET", "HEAD"}:
                return None
            sent: MultiDict[str, Any] = MultiDict(request.form)  # Any: as above
            for field in form:
                files = request.files.getlist(field.name)
                if files and isinstance(field, FileField):
                    sent.setlist(field.name, files)
            return sent

    def __init__(self, **values: object) -> None:
        super().__init__(**values)  # type: ignore[no-untyped-call]  # half-annotated

    def show(self, error: InvalidError) -> None:
        """Name what the service refused beside the fields; what has no field stands above."""
        for name, problem in error.fields.items():
            text = self.problem_text(name, problem)
            field = self.FIELD_OF.get(name, name)
            if field in self and not isinstance(self[field], HiddenField):
                self[field].errors = [*self[field].errors, text]
            else:
                self.form_errors.append(text)

    def problem_text(self, field: str, problem: Problem) -> str:
        """What is wrong with a field, and what would be right; features know theirs better."""
        return problem_text(problem)


class OnceForm(PageForm):
    """A form that carries a key, which makes two equal posts one act."""

    idempotency_key = HiddenField()

    @property
    def key(self) -> str | None:
        """The key, unless somebody else wrote it."""
        written = self.idempotency_key.data or ""
        return written if _KEY.fullmatch(written) else None


def problem_text(problem: Problem) -> str:
    """What can be said of any field."""
    texts: Mapping[Problem, str] = {
        Problem.MISSING: _("Please fill this in."),
        Problem.UNREADABLE: _("This cannot be read. Check how it is written."),
        Problem.NOT_FOUND: _("This does not exist any more. Choose another."),
        Problem.TOO_LONG: _("This is too long. Shorten it."),
        Problem.OUT_OF_RANGE: _("This number is too small or too large."),
        Problem.TOO_MANY: _("There are too many of them."),
        Problem.REUSED: _("This is taken already. Choose another."),
    }
    return texts.get(problem, _("Please check this entry."))


def too_many_in_words(error: TooManyError) -> str:
    """When it can be tried again."""
    minutes = -(-error.retry_after_seconds // 60)
    return _(
        "There were too many attempts. You can try again in %(duration)s.",
        duration=i18n.format_duration(minutes),
    )
