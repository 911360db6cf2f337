"""The journal in words: every act, what it is about, and the values before and after."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from booking.core import web, zones
from booking.core.i18n import (
    OWN_NAMES,
    _,
    format_clock,
    format_duration,
    format_short_day,
    ngettext,
    pgettext,
)
from booking.core.layout_texts import layout_in_words, layouts_in_words
from booking.core.refusals import LayoutKind
from booking.journal.models import JsonFacts
from booking.occupancy.models import ClosureKind
from booking.reservations import texts as reservations
from booking.reservations.models import DeclineReason
from booking.spaces.models import HolidayState, PeriodState
from booking.spaces.timetables import WEEKDAYS
from booking.spaces.words import weekday_name

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

ICONS: Mapping[str, str] = {
    "reservation": "calendar-check",
    "series": "repeat",
    "person": "user",
    "session": "monitor-smartphone",
    "token": "key-round",
    "resource": "armchair",
    "organisation": "building-2",
    "site": "settings",
    "building": "building",
    "floor": "layers",
    "area": "map",
    "kind": "layout-grid",
    "feature": "projector",
    "policy": "clipboard-check",
    "hours": "clock",
    "profile": "calendar-clock",
    "closure": "wrench",
    "holiday": "calendar",
    "waitlist": "list",
    "replacement": "arrow-right-left",
}


def acts() -> Mapping[str, str]:
    """Every act that is written anywhere, in words; a test holds the program to it."""
    return {
        **reservations.acts(),
        **_acts_on_places(),
        "booked_series": _("Booked a recurring reservation"),
        "approved_series": _("Approved dates of a recurring reservation"),
        "declined_series": _("Declined dates of a recurring reservation"),
        "changed_series": _("Changed dates of a recurring reservation"),
        "cancelled_series": _("Cancelled dates of a recurring reservation"),
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
        "authorisation_given": _("Authorised somebody"),
        "authorisation_prolonged": _("Changed an authorisation"),
        "authorisation_taken_back": _("Took an authorisation back"),
        "deputy_named": _("Named a deputy"),
        "deputy_ended": _("Took back that somebody is a deputy"),
        "token_made": _("Made an API token"),
        "token_revoked": _("Ended an API token"),
        "feed_made": _("Made a calendar address"),
        "feed_rotated": _("Replaced a calendar address"),
        "feed_revoked": _("Ended a calendar address"),
        "imported": _("Imported a file"),
        "exported": _("Exported data"),
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
        "desk_preferences_changed": _("Changed what they prefer of a desk"),
        "presence_shown": _("Lets colleagues see when they are here"),
        "presence_hidden": _("Hides from colleagues when they are here"),
        "reservations_settled": _("Reservations of somebody who leaves were settled"),
        "brand_changed": _("Changed the name of the park"),
        "logo_changed": _("Changed the logo"),
        "logo_removed": _("Removed the logo"),
        "legal_notice_changed": _("Changed the legal notice"),
        "controller_changed": _("Changed who answers for personal data"),
        "retention_changed": _("Changed how long data is kept"),
        "mail_tried": _("Sent a test message"),
        "anonymised": _("An account was made anonymous"),
        "retention_ran": _("Data whose time was over was taken away"),
        "set_up": _("The park was set up"),
        "demo_loaded": _("The demo park was loaded"),
        "closed": _("Closed spaces"),
        "reopened": _("Opened closed spaces again"),
        "displaced": _("Cancelled what had stayed in a closure"),
        "put_off": _("Expected a space back at another time"),
        "holiday_added": _("Added a public holiday"),
        "holiday_changed": _("Announced or moved a public holiday"),
        "holiday_left_out": _("Left a public holiday out"),
        "waited": _("Got in line for a taken time"),
        "offered": _("Offered what became free"),
        "took_offer": _("Took what was offered"),
        "left_offer": _("Left what was offered to the next"),
        "offer_taken_back": _("Took back an offer, because the space closes"),
        "missed_offer": _("An offer was not answered in time"),
        "stopped_waiting": _("Left the waiting list"),
        "waited_in_vain": _("Nothing became free in time"),
        "booked_instead_of_waiting": _("Waits no longer, having booked"),
        "held_replacements": _("Held other places for whoever a closure has displaced"),
        "took_replacement": _("Took a place that was held instead"),
        "left_replacements": _("Left the places that were held instead"),
        "replacements_expired": _("Places that were held instead were not taken in time"),
        "lost_replacement": _("A place that was held instead is needed by the house"),
        "message_tried_again": _("Let a message be tried again"),
        "events_tried_again": _("Let what was set aside be tried again"),
    }


def _acts_on_places() -> Mapping[str, str]:
    return {
        "site_changed": _("Changed the site"),
        "building_added": _("Added a building"),
        "building_changed": _("Changed a building"),
        "building_removed": _("Deleted a building"),
        "floor_added": _("Added a floor"),
        "floor_changed": _("Changed a floor"),
        "floor_removed": _("Deleted a floor"),
        "area_added": _("Added an area"),
        "area_changed": _("Changed an area"),
        "area_removed": _("Deleted an area"),
        "kind_added": _("Added a kind of space"),
        "kind_changed": _("Changed a kind of space"),
        "kind_removed": _("Deleted a kind of space"),
        "feature_added": _("Added a feature"),
        "feature_changed": _("Changed a feature"),
        "feature_removed": _("Deleted a feature"),
        "resource_added": _("Added a space"),
        "resource_changed": _("Changed a space"),
        "resource_retired": _("Retired a space"),
        "resource_brought_back": _("Brought a space back"),
        "resource_removed": _("Deleted a space"),
        "policy_added": _("Added a policy"),
        "policy_changed": _("Changed a policy"),
        "policy_removed": _("Deleted a policy"),
        "hours_added": _("Added opening hours"),
        "hours_renamed": _("Renamed opening hours"),
        "hours_removed": _("Deleted opening hours"),
        "week_added": _("Let other hours hold from a day on"),
        "week_changed": _("Changed hours that have not begun"),
        "week_removed": _("Deleted hours that have not begun"),
        "profile_added": _("Added a profile of hours"),
        "profile_renamed": _("Renamed a profile of hours"),
        "profile_removed": _("Deleted a profile of hours"),
        "profile_week_changed": _("Gave opening hours a week under a profile"),
        "profile_week_removed": _("Let opening hours be as usual under a profile"),
        "period_added": _("Let a profile of hours hold from a day to a day"),
        "period_changed": _("Announced or moved a profile of hours"),
        "period_left_out": _("Left a profile of hours out"),
        "day_added": _("Gave a day hours of its own"),
        "day_changed": _("Changed the hours of a day"),
        "day_removed": _("Gave a day the hours of its week again"),
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
        "series": _("Recurring reservation"),
        "person": _("Person"),
        "session": _("Browser session"),
        "token": _("Token or calendar address"),
        "resource": _("Space"),
        "organisation": _("Organisation"),
        "site": _("The park"),
        "building": _("Building"),
        "floor": _("Floor"),
        "area": _("Area"),
        "kind": _("Kind of space"),
        "feature": _("Feature"),
        "policy": _("Policy"),
        "hours": _("Opening hours"),
        "profile": _("Profile of hours"),
        "closure": _("Closure"),
        "holiday": _("Public holiday"),
        "waitlist": _("Waiting list"),
        "replacement": _("Replacement"),
    }


def label(key: str) -> str:
    """What a value is called; one without a name of its own is shown as the program calls it."""
    labels: Mapping[str, str] = {
        "resource": _("Space"),
        "starts_at": _("Start"),
        "ends_at": _("End"),
        "spaces": _("Spaces"),
        "closure_kind": _("Kind"),
        "displaced": _("Reservations cancelled"),
        "kept": _("Reservations that stay"),
        "holiday": _("State"),
        "period": _("State"),
        "first_day": _("First day"),
        "last_day": _("Last day"),
        "closes_on_holidays": _("Closes on public holidays"),
        "title": _("Purpose"),
        "dates": _("Dates"),
        "skipped": _("Dates left out"),
        "asked": _("Dates that wait for approval"),
        "headcount": _("Number of people"),
        "state": _("State"),
        "reason": _("Reason"),
        "overridden": _("Rules set aside"),
        "reason_code": _("Reason"),
        "name": _("Name"),
        "names": _("Name"),
        "way_in": _("Way in"),
        "step_free_note": _("Without steps"),
        "code": _("Code"),
        "address": _("Address"),
        "building": _("Building"),
        "level": _("Level"),
        "floor": _("Floor"),
        "area": _("Area"),
        "kind": _("Kind"),
        "capacity": _("Capacity"),
        "layout": _("Layout"),
        "layouts": _("Layouts"),
        "features": _("Features"),
        "policy": _("Policy"),
        "hours": _("Opening hours"),
        "valid_from": _("Holds from"),
        "day": _("Day"),
        "spans": _("Open"),
        "granularity": _("In steps of"),
        "shortest": _("Shortest"),
        "longest": _("Longest"),
        "notice": _("Notice"),
        "horizon": _("Bookable so many days ahead"),
        "series_horizon": _("Recurring so many days ahead"),
        "who_may_book": _("Who may book"),
        "needs_approval": _("A lab manager must approve"),
        "holds_while_pending": _("The place is held until the decision"),
        "decide_within": _("Time to decide"),
        "others_see": _("What others see of a reservation"),
        "asks_for_authorisation": _("People need an authorisation"),
        "asks_for_check_in": _("People confirm their presence"),
        "grace_minutes": _("Time to confirm after the start"),
        "way": _("How presence was confirmed"),
        "parts": _("Taken with it"),
        "setup_minutes": _("Set-up before"),
        "cleanup_minutes": _("Cleaning after"),
        "person_quota_minutes": _("Time one person may have"),
        "person_quota_count": _("Reservations one person may have"),
        "person_quota_period": _("Period for one person"),
        "organisation_quota_minutes": _("Time one organisation may have"),
        "organisation_quota_count": _("Reservations one organisation may have"),
        "organisation_quota_period": _("Period for one organisation"),
        "late_until": _("Kept until"),
        "email": _("E-mail address"),
        "language": _("Language"),
        "role": _("Role"),
        "scopes": _("What it may do"),
        "instead_of": _("In the place of"),
        "detail": _("What the calendar shows"),
        "closed_accounts": _("Accounts made anonymous"),
        "purposes": _("Purposes and reasons of reservations"),
        "messages": _("Texts of messages"),
        "events": _("Events"),
        "session": _("Browser session"),
        "sessions": _("Sessions ended"),
        "sessions_ended": _("Sessions ended"),
        "tokens": _("API tokens"),
        "grants": _("Roles"),
        "person": _("Person"),
        "organisation": _("Organisation"),
        "secrets": _("Tokens and links ended"),
        "views": _("Who looked at whose data"),
        "waitlist": _("Waiting list"),
        "replacements": _("Replacements"),
        "held": _("Places held"),
        "reference": _("Reference"),
        "journal": _("Lines of the journal"),
    }
    name, _dot, language = key.partition(".")  # a text in one of the languages
    if key in WEEKDAYS:
        return weekday_name(WEEKDAYS.index(key))
    own_name = OWN_NAMES.get(language)
    if own_name is not None:
        return f"{labels.get(name, labels['name'])} ({own_name})"
    return labels.get(key, key)


def value(key: str, found: object) -> str:
    """A value as the reader writes it; what was blanked, or never there, is «none»."""
    if found in (None, ""):
        return _("none")
    if isinstance(found, bool):
        return _("yes") if found else _("no")
    if key.endswith(("_at", "late_until")) and isinstance(found, str):
        return _moment(found)
    if key in ("state", "way", "closure_kind", "holiday", "period", "layout"):
        return _chosen(key).get(str(found), str(found))
    if key in _WRITTEN:
        return _WRITTEN[key](str(found))
    if key == "reason_code" and isinstance(found, str) and found in set(DeclineReason):
        return reservations.decline_reason(DeclineReason(found))
    return str(found)


def _chosen(key: str) -> Mapping[str, str]:
    """The words for what was chosen from a list."""
    if key == "state":
        return _states()
    if key == "way":
        return reservations.ways()
    if key == "period":
        return {
            PeriodState.ESTIMATED: _("Dates estimated"),
            PeriodState.ANNOUNCED: _("Announced"),
            PeriodState.LEFT_OUT: _("Left out"),
        }
    if key == "holiday":
        return {
            HolidayState.ESTIMATED: _("Date estimated"),
            HolidayState.ANNOUNCED: _("Announced"),
            HolidayState.LEFT_OUT: _("Left out"),
        }
    if key == "layout":
        return {kind: str(name) for kind, name in layouts_in_words().items()}
    return {kind: reservations.closure_kind(kind) for kind in ClosureKind}


def _layout(line: str) -> str:
    """«U-shape: 12 people, 45 minutes», as resources.layouts keeps it: u_shape:12:45."""
    kind, *numbers = line.split(":")
    if kind not in set(LayoutKind) or len(numbers) != 2 or not all(map(str.isdigit, numbers)):
        return line
    capacity, minutes = map(int, numbers)
    return "{} ({}, {})".format(
        layout_in_words(LayoutKind(kind)),
        ngettext("%(num)s person", "%(num)s people", capacity),
        format_duration(minutes),
    )


_WRITTEN: Mapping[str, Callable[[str], str]] = {
    "reason": lambda text: reservations.reason(None, text),
    "overridden": reservations.overridden,
    "layouts": lambda lines: ", ".join(map(_layout, lines.split(", "))),
}


def _states() -> Mapping[str, str]:
    return {
        "pending": _("Pending"),
        "confirmed": _("Confirmed"),
        "declined": _("Declined"),
        "cancelled": _("Cancelled"),
        "expired": _("Expired"),
    }


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
        if (key in before) is not (key in after) and _says_something(found)
    ]


def _says_something(found: object) -> bool:
    """Ids are for programs: they stand in the CSV file and in the answers of the API."""
    return found not in (None, "") and not (isinstance(found, str) and _ID.fullmatch(found))


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if found.tzinfo is not None:
        found = zones.to_local(found, zones.zone(web.settings().site_zone))
    return _("%(day)s at %(time)s", day=format_short_day(found), time=format_clock(found))
