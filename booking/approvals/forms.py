"""The forms of yes and no: both carry the version that was seen, and a key that makes two equal
posts one act."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from booking.approvals.together import MOST_AT_ONCE
from booking.core import ids
from booking.core.errors import Problem
from booking.core.forms import OnceForm, PageForm, lazy_gettext, problem_text
from booking.core.i18n import _
from booking.reservations import texts
from booking.reservations.models import CHOSEN_REASONS, DeclineReason
from booking.reservations.service import LONGEST_REASON

_CHOSEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,9})", re.ASCII)
REASON_IS_MISSING = lazy_gettext(
    "Choose a reason or write one: it is what the requester gets to read."
)
REASON_IS_TOO_LONG = lazy_gettext("Write a shorter reason: at most 500 characters.")


class DecisionForm(OnceForm):
    """What both answers carry."""

    version = IntegerField(validators=[InputRequired()], widget=HiddenInput())

    @property
    def seen_version(self) -> int:
        """The version that the page showed."""
        return self.version.data or 0


class ApproveForm(DecisionForm):
    """Yes; and whether the others for the same time may be declined."""

    declines_others = HiddenField()

    @property
    def may_decline_others(self) -> bool:
        """Whether the question about the others was answered."""
        return self.declines_others.data == "1"


class ReasonForm(PageForm):
    """Why not: a reason of the list, free text, or both; free text alone is another reason."""

    reason_code = SelectField(lazy_gettext("Reason"))
    reason = TextAreaField(
        lazy_gettext("In your own words"),
        [Length(max=LONGEST_REASON, message=REASON_IS_TOO_LONG)],
    )

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.reason_code.choices = [
            ("", _("Choose a reason")),
            *((code.value, texts.decline_reason(code)) for code in CHOSEN_REASONS),
        ]
        if self.reason_code.data is None:
            self.reason_code.data = ""

    @property
    def code(self) -> DeclineReason:
        """The reason that was chosen."""
        return DeclineReason(self.reason_code.data or DeclineReason.OTHER)

    @property
    def says_why(self) -> bool:
        """Whether it is a reason that somebody can read."""
        return self.code is not DeclineReason.OTHER or bool((self.reason.data or "").strip())

    def problem_text(self, field: str, problem: Problem) -> str:
        return {Problem.TOO_LONG: REASON_IS_TOO_LONG, Problem.MISSING: REASON_IS_MISSING}.get(
            problem
        ) or problem_text(problem)


class DeclineForm(ReasonForm, DecisionForm):
    """No, with a reason."""


class AskForm(OnceForm):
    """A question before deciding."""

    question = TextAreaField(lazy_gettext("Your question"))

    def problem_text(self, field: str, problem: Problem) -> str:
        texts_of = {
            Problem.MISSING: lazy_gettext("Write a question."),
            Problem.TOO_LONG: lazy_gettext("Write a shorter question: at most 1,000 characters."),
        }
        return texts_of.get(problem) or problem_text(problem)


@dataclass(frozen=True)
class Chosen:
    """A request whose box was checked, and the version that the page showed."""

    public_id: str
    seen_version: int


class SeveralForm(ReasonForm, OnceForm):
    """Several requests at once, and one answer to all of them."""

    request = SelectMultipleField(validate_choice=False)
    answer = HiddenField()

    @property
    def is_yes(self) -> bool:
        """Whether the answer is a yes."""
        return self.answer.data == "approve"

    @property
    def chosen(self) -> tuple[Chosen, ...]:
        """The requests that were checked, each once; what no page wrote is none."""
        found = (_CHOSEN.fullmatch(text) for text in (self.request.data or ())[:MOST_AT_ONCE])
        by_id = {one[1]: Chosen(one[1], int(one[2])) for one in found if one}
        return tuple(by_id.values())


class DatesForm(OnceForm):
    """Yes to the dates of a series: the mark of exactly those that the page showed."""

    seen = HiddenField()


class DeclineDatesForm(ReasonForm, DatesForm):
    """No to them, with a reason."""


def empty_several_form() -> SeveralForm:
    """The form as a page offers it."""
    return SeveralForm(formdata=None, idempotency_key=ids.new_public_id())


def empty_ask_form() -> AskForm:
    """The form as a page offers it."""
    return AskForm(formdata=None, idempotency_key=ids.new_public_id())


def empty_approve_form(version: int) -> ApproveForm:
    """The form as a page offers it."""
    return ApproveForm(formdata=None, version=version, idempotency_key=ids.new_public_id())


def empty_decline_form(version: int) -> DeclineForm:
    """The form as a page offers it."""
    return DeclineForm(formdata=None, version=version, idempotency_key=ids.new_public_id())
