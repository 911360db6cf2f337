"""The journal in words: every act, what it is about, and the values before and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from booking.core import web, zones
from booking.core.i18n import _, format_clock, format_short_day, pgettext
from booking.journal.models import JsonFacts
from booking.reservations import texts as reservations
from booking.reservations.models import DeclineReason

ICONS: Mapping[str, str] = {
    "reservation": "calendar-check",
    "person": "user",
    "session": "monitor-smartphone",
    "token": "key-round",
    "resource": "armchair",
    "organisation": "building-2",
    "site": "settings",
}


def acts() -> Mapping[str, str]:
    """Every act that is written anywhere, in words; a test holds the program to it."""
    return {
        **reservations.acts(),
        "signed_in": _("Signed in"),
        "signed_out": _("Signed out"),
        "sign_in_failed": _("A sign-in failed"),
        "session_ended": _("Signed another browser out"),
        "password_changed": _("Changed the password"),
        "language_changed": _("Changed the language"),
        "person_created": _("An account was made"),
        "invited": _("Invited somebody"),
        "member_added": _("Somebody joined an organisation"),
        "link_made": _("A one-time link was made"),
        "link_asked": _("Asked for a link to a new password"),
        "link_sent": _("Sent somebody a link to choose a password"),
        "profile_corrected": _("Corrected name or language"),
        "person_corrected": _("Corrected somebody's account"),
        "grant_given": _("A role was given"),
        "deputy_named": _("Named a deputy"),
        "deputy_ended": _("Took back that somebody is a deputy"),
        "token_made": _("Made an API token"),
        "token_revoked": _("Ended an API token"),
        "feed_made": _("Made a calendar address"),
        "feed_rotated": _("Replaced a calendar address"),
        "feed_revoked": _("Ended a calendar address"),
        "photo_added": _("Added a photo"),
        "photo_described": _("Described a photo anew"),
        "photo_moved": _("Moved a photo"),
        "photo_deleted": _("Deleted a photo"),
        "person_deactivated": _("An account was closed"),
        "person_reactivated": _("An account was opened again"),
        "grant_taken": _("A role was taken back"),
        "organisation_created": _("An organisation was added"),
        "organisation_renamed": _("An organisation was renamed"),
        "organisation_deactivated": _("An organisation was closed"),
        "organisation_reactivated": _("An organisation was opened again"),
        "member_role_changed": _("The role of a member was changed"),
        "membership_ended": _("A membership was ended"),
        "presence_shown": _("Lets colleagues see when they are here"),
        "presence_hidden": _("Hides from colleagues when they are here"),
        "reservations_settled": _("Reservations of somebody who leaves were settled"),
        "set_up": _("The park was set up"),
        "demo_loaded": _("The demo park was loaded"),
        "events_tried_again": _("Let what was set aside be tried again"),
    }


def act(code: str) -> str:
    """One act in words; one that only an older version of the program wrote stands as it is."""
    return acts().get(code, code)


def subject(kind: str, name: str) -> str:
    """What a line is about: «Reservation K7M2QP»."""
    label = _kinds().get(kind, kind)
    return _("%(kind)s %(name)s", kind=label, name=name) if name else label


def _kinds() -> Mapping[str, str]:
    return {
        "reservation": pgettext("journal", "Reservation"),
        "person": _("Person"),
        "session": _("Browser session"),
        "token": _("Token or calendar address"),
        "resource": _("Space"),
        "organisation": _("Organisation"),
        "site": _("The park"),
    }


def label(key: str) -> str:
    """What a value is called; one without a name of its own is shown as the program calls it."""
    labels: Mapping[str, str] = {
        "resource": _("Space"),
        "starts_at": _("Start"),
        "ends_at": _("End"),
        "title": _("Purpose"),
        "headcount": _("Number of people"),
        "state": _("State"),
        "reason": _("Reason"),
        "reason_code": _("Reason"),
        "name": _("Name"),
        "email": _("E-mail address"),
        "language": _("Language"),
        "role": _("Role"),
        "scopes": _("What it may do"),
        "detail": _("What the calendar shows"),
    }
    return labels.get(key, key)


def value(key: str, found: object) -> str:
    """A value as the reader writes it; what was blanked, or never there, is «none»."""
    if found in (None, ""):
        return _("none")
    if isinstance(found, bool):
        return _("yes") if found else _("no")
    if key.endswith("_at") and isinstance(found, str):
        return _moment(found)
    if key == "reason":
        return reservations.reason(None, str(found))
    if key == "reason_code" and isinstance(found, str) and found in set(DeclineReason):
        return reservations.decline_reason(DeclineReason(found))
    return str(found)


def differences(before: JsonFacts, after: JsonFacts) -> list[tuple[str, str, str]]:
    """Label, value before and value after, of what is known from both sides."""
    return [
        (label(key), value(key, before[key]), value(key, after[key]))
        for key in after
        if key in before
    ]


def facts(before: JsonFacts, after: JsonFacts) -> list[tuple[str, str]]:
    """Label and value of what is known from one side."""
    return [
        (label(key), value(key, found))
        for key, found in {**before, **after}.items()
        if (key in before) is not (key in after) and found not in (None, "")
    ]


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if found.tzinfo is not None:
        found = zones.to_local(found, zones.zone(web.settings().site_zone))
    return _("%(day)s at %(time)s", day=format_short_day(found), time=format_clock(found))
