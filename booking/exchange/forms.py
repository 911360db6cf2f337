"""Choosing a file to import, and what to export."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask_wtf.file import FileField
from wtforms import SelectField, StringField
from wtforms.validators import Optional

from booking.core import web, zones
from booking.core.errors import InvalidError, Problem
from booking.core.fields import DayField
from booking.core.forms import PageForm, lazy_gettext
from booking.core.months import FIRST_DAY, LAST_DAY
from booking.exchange import words
from booking.exchange.export import Export, Limits
from booking.exchange.rules import Subject


def subject_from(text: str | None) -> Subject:
    """What a file is about; raises InvalidError for anything else."""
    try:
        return Subject(text or "")
    except ValueError as error:
        raise InvalidError({"subject": Problem.UNKNOWN}) from error


def limits_from(since: str, until: str, resource: str) -> Limits:
    """Days of the site, both included, and a space by its code. Raises InvalidError."""
    return Limits(_start("from", since), _start("to", until, days=1), resource.strip())


def _start(field: str, text: str, *, days: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if len(text) == 10 and text.isascii() else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidError({field: Problem.UNREADABLE})
    if not FIRST_DAY <= day < LAST_DAY:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    zone = zones.zone(web.settings().site_zone)
    return zones.reached(datetime.combine(day + timedelta(days=days), time.min), zone)


class ImportForm(PageForm):
    """A file, and what it is about."""

    subject = SelectField(lazy_gettext("What is in it"), validate_choice=False)
    file = FileField(lazy_gettext("CSV file"))

    def offer(self) -> ImportForm:
        """The subjects, in the order in which one needs the other."""
        self.subject.choices = [(one.value, words.name(Export(one.value))) for one in Subject]
        return self


class ExportForm(PageForm):
    """Which reservations."""

    since = DayField(lazy_gettext("First day"), [Optional()], name="from")
    until = DayField(lazy_gettext("Last day"), [Optional()], name="to")
    resource = StringField(lazy_gettext("Code of a space"))
