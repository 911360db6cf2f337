"""The forms of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask_wtf.file import FileField
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import Optional

from booking.core.errors import Problem
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _
from booking.house.queries import DataController
from booking.house.rules import LIMITS, Retention

LANGUAGES = ("fr", "ar", "en")


class LogoForm(PageForm):
    """A picture to be shown beside the name."""

    logo = FileField(lazy_gettext("Logo"))

    def problem_text(self, field: str, problem: Problem) -> str:
        texts: Mapping[Problem, str] = {
            Problem.MISSING: _("Choose a picture."),
            Problem.UNREADABLE: _("This is no PNG, JPEG or WebP picture."),
        }
        return texts.get(problem) or super().problem_text(field, problem)


class LegalNoticeForm(PageForm):
    """What stands wherever data is collected, in each language."""

    FIELD_OF: ClassVar[Mapping[str, str]] = {"legal_notice": "fr"}

    fr = TextAreaField(lazy_gettext("Legal notice in French"))
    ar = TextAreaField(lazy_gettext("Legal notice in Arabic"))
    en = TextAreaField(lazy_gettext("Legal notice in English"))

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="notice-", **values)

    def to_names(self) -> dict[str, str]:
        """The notice by language."""
        return {code: self[code].data or "" for code in LANGUAGES}


class ControllerForm(PageForm):
    """Who answers for personal data."""

    name = StringField(lazy_gettext("Data controller"))
    address = StringField(lazy_gettext("Address"))
    contact = StringField(lazy_gettext("Contact for data protection"))
    cndp_receipt = StringField(lazy_gettext("Number of the CNDP receipt"))

    def to_controller(self) -> DataController:
        """The same as the service wants it."""
        return DataController(
            self.name.data or "",
            self.address.data or "",
            self.contact.data or "",
            self.cndp_receipt.data or "",
        )


class RetentionForm(PageForm):
    """How long data is kept; an empty field means for ever."""

    closed_accounts_months = IntegerField(lazy_gettext("Closed accounts, in months"), [Optional()])
    purposes_months = IntegerField(
        lazy_gettext("Purposes and reasons of reservations, in months"), [Optional()]
    )
    messages_days = IntegerField(lazy_gettext("Texts of messages, in days"), [Optional()])
    sign_ins_days = IntegerField(lazy_gettext("Ended sessions and secrets, in days"), [Optional()])
    views_months = IntegerField(lazy_gettext("Who looked at whose data, in months"), [Optional()])
    journal_years = IntegerField(lazy_gettext("Lines of the journal, in years"), [Optional()])

    def to_retention(self) -> Retention:
        """The same as the service wants it."""
        return Retention(**{name: self[name].data for name in LIMITS})

    def problem_text(self, field: str, problem: Problem) -> str:
        if problem is Problem.OUT_OF_RANGE and field in LIMITS:
            least, most = LIMITS[field]
            return _("Choose a number from %(least)s to %(most)s.", least=least, most=most)
        return super().problem_text(field, problem)
