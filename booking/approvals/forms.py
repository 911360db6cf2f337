"""The forms of yes and no: both carry the version that was seen, and a key that makes two equal
posts one act."""

from __future__ import annotations

import re

from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from booking.core import ids
from booking.core.errors import InvalidError, Problem
from booking.core.forms import PageForm, lazy_gettext, problem_text
from booking.reservations.service import LONGEST_REASON

_KEY = re.compile(r"[\w-]{8,80}", re.ASCII)
REASON_IS_MISSING = lazy_gettext("Write a reason: it is what the requester gets to read.")
REASON_IS_TOO_LONG = lazy_gettext("Write a shorter reason: at most 500 characters.")


class DecisionForm(PageForm):
    """What both answers carry."""

    version = IntegerField(validators=[InputRequired()], widget=HiddenInput())
    idempotency_key = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that the page showed."""
        return self.version.data or 0

    @property
    def key(self) -> str | None:
        """The key, unless somebody else wrote it."""
        written = self.idempotency_key.data or ""
        return written if _KEY.fullmatch(written) else None


class ApproveForm(DecisionForm):
    """Yes; and whether the others for the same time may be declined."""

    declines_others = HiddenField()

    @property
    def may_decline_others(self) -> bool:
        """Whether the question about the others was answered."""
        return self.declines_others.data == "1"


class DeclineForm(DecisionForm):
    """No, with a reason."""

    reason = TextAreaField(
        lazy_gettext("Reason"),
        [
            InputRequired(REASON_IS_MISSING),
            Length(max=LONGEST_REASON, message=REASON_IS_TOO_LONG),
        ],
    )

    def show(self, error: InvalidError) -> None:
        """Name what the service refused beside the reason; the page itself says the rest."""
        problem = error.fields.get("reason")
        texts = {Problem.TOO_LONG: REASON_IS_TOO_LONG, Problem.MISSING: REASON_IS_MISSING}
        if problem:
            self.reason.errors = [texts.get(problem) or problem_text(problem)]


def empty_approve_form(version: int) -> ApproveForm:
    """The form as a page offers it."""
    return ApproveForm(formdata=None, version=version, idempotency_key=ids.new_public_id())


def empty_decline_form(version: int) -> DeclineForm:
    """The form as a page offers it."""
    return DeclineForm(formdata=None, version=version, idempotency_key=ids.new_public_id())
