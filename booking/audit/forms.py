"""The form that searches the journal; it is sent with GET, so that a search has an address."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs
from wtforms.validators import Length, Optional, ValidationError

from booking.audit import texts
from booking.audit.queries import Search
from booking.core import web, zones
from booking.core.fields import DayField
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _
from booking.core.texts import plain

LONGEST = 120
TOO_LONG = lazy_gettext("This is too long. Shorten it.")


class JournalForm(PageForm):
    """What is looked for."""

    since = DayField(lazy_gettext("From (day)"), [Optional()], name="from")
    until = DayField(lazy_gettext("To (day)"), [Optional()], name="to")
    act = SelectField(lazy_gettext("Act"), [Optional()])
    actor = StringField(lazy_gettext("By whom"), [Length(max=LONGEST, message=TOO_LONG)])
    subject = StringField(lazy_gettext("About"), [Length(max=LONGEST, message=TOO_LONG)])

    def __init__(self, arguments: MultiDict[str, str]) -> None:
        super().__init__(formdata=arguments)
        every = sorted(texts.acts().items(), key=lambda pair: pair[1])
        self.act.choices = [
            SelectChoice("", _("Every act")),
            *(SelectChoice(code, words) for code, words in every),
        ]

    def validate_until(self, field: DayField) -> None:
        """Not before the first day."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("The last day lies before the first."))

    def to_search(self) -> Search:
        """The same as the queries want it; both days are included."""
        return Search(
            since=_start_of(self.since.data),
            until=_start_of(self.until.data + timedelta(days=1)) if self.until.data else None,
            actor=plain(self.actor.data or ""),
            act=self.act.data or "",
            subject=plain(self.subject.data or ""),
        )


def _start_of(day: date | None) -> datetime | None:
    if day is None:
        return None
    midnight = datetime(day.year, day.month, day.day)
    return zones.reached(midnight, zones.zone(web.settings().site_zone))
