"""Calendars over HTTP: a person's feed by its secret address, one reservation as a file.

A feed is fetched by programs, for ever and often unattended. It brings no cookie and gets none,
its address stands in no log, and trouble is never an empty calendar: clients would delete all.
"""

from __future__ import annotations

import logging
import zlib
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Flask, Request, Response, request
from flask.blueprints import BlueprintSetupState
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from booking.calendars import queries, representation, rules, service
from booking.calendars.rules import Pace, Subscription, Validators, Window
from booking.core import clock, i18n, ics, web, zones
from booking.core.errors import NotFoundError, TooManyError
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.reservations import queries as reservations

feeds = Blueprint("feeds", __name__, url_prefix="/ical")
files = Blueprint("calendars", __name__)
BLUEPRINTS = (feeds, files)

log = logging.getLogger("booking")
pace = Pace()

_RETRY_AFTER_SECONDS = 60
_GZIP = 31  # zlib's word for the gzip format; it writes no time into it, so octets stay the same


@feeds.get("/<secret>.ics")
@acts(Action.FETCH_FEED)
def fetch(secret: str) -> Response:
    """The calendar of a secret address; 304 for one statement when the client has it."""
    subscription = queries.subscription(secret)
    if subscription is None:
        raise NotFoundError
    _hold_to_the_pace(subscription)
    settings, now = web.settings(), clock.now()
    zone = zones.zone(settings.site_zone)
    window = rules.window_on(clock.today(zone), zone)
    validators = rules.validators(subscription, window, public_url=settings.public_url, now=now)
    if _is_known(validators):
        response = Response(status=304)
    else:
        response = _compressed(_calendar(subscription, window, secret))
    _note(subscription, now)
    return _with_headers(response, validators)


@files.get("/reservations/<uuid:public_id>.ics")
@acts(Action.SEE_RESERVATION)
def reservation_file(public_id: UUID) -> Response:
    """One reservation as a file; in a calendar it is the same event as in the feed."""
    actor = current_actor()
    found = reservations.details(actor, str(public_id))
    shown = queries.entry(found.public_id)
    calendar = representation.single(queries.home(), shown, reader_id=actor.person_id)
    response = Response(ics.serialize(calendar), content_type=ics.CONTENT_TYPE)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="reservation-{found.reference}.ics"'
    )
    return response


@files.get("/series/<uuid:public_id>.ics")
@acts(Action.SEE_RESERVATION)
def series_file(public_id: UUID) -> Response:
    """All dates of a series as one file; what was cancelled is told as cancelled."""
    actor = current_actor()
    series, found = reservations.series(actor, str(public_id))
    shown = queries.entries([one.public_id for one in found])
    calendar = representation.several(
        queries.home(), shown, uid=series.public_id, reader_id=actor.person_id
    )
    response = Response(ics.serialize(calendar), content_type=ics.CONTENT_TYPE)
    name = f"series-{found[0].reference}.ics"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _hold_to_the_pace(subscription: Subscription) -> None:
    limit = web.settings().feed_fetches_per_hour
    seconds = pace.seconds_to_wait(subscription.digest, limit=limit, now=clock.now())
    if seconds:
        raise TooManyError(seconds)


def _is_known(validators: Validators) -> bool:
    """Whether the client has this very calendar. Its tags count, and only without any the date."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(validators.etag)
    since = request.if_modified_since
    return since is not None and validators.last_modified <= since


def _calendar(subscription: Subscription, window: Window, secret: str) -> bytes:
    shown = queries.entries_of(subscription.person_id, window)
    source = web.public_url("feeds.fetch", secret=secret)
    with i18n.speaking(subscription.language):
        return ics.serialize(representation.feed(subscription, source, queries.home(), shown))


def _compressed(octets: bytes) -> Response:
    response = Response(octets, content_type=ics.CONTENT_TYPE)
    if request.accept_encodings.quality("gzip") > 0:
        response.data = zlib.compress(octets, wbits=_GZIP)
        response.headers["Content-Encoding"] = "gzip"
    return response


def _with_headers(response: Response, validators: Validators) -> Response:
    # Weak, as compressed and plain octets share it.
    response.set_etag(validators.etag, weak=True)
    response.last_modified = validators.last_modified
    response.headers["Cache-Control"] = "private, max-age=300"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _note(subscription: Subscription, now: datetime) -> None:
    """Write that it was fetched. Whoever can only read still gets the calendar."""
    if not rules.is_to_be_noted(subscription.last_fetched_at, now):
        return
    try:
        service.note_fetch(subscription)
    except (DBAPIError, PoolTimeoutError):
        log.warning("a fetch of a calendar was not noted, reference %s", web.request_id())


# --- what goes wrong ---


@feeds.after_request
def _keep_to_yourself(response: Response) -> Response:
    """The address is a secret: no search engine, and no other site, may learn it."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@feeds.errorhandler(NotFoundError)
def _on_not_found(_error: NotFoundError) -> Response:
    """Wrong, revoked, or its owner deactivated: all look the same."""
    return _empty(404)


@feeds.errorhandler(TooManyError)
def _on_too_many(error: TooManyError) -> Response:
    return _empty(429, retry_after_seconds=error.retry_after_seconds)


@feeds.errorhandler(Exception)
def _on_trouble(error: Exception) -> Response | HTTPException:
    """Whatever it is, Flask itself must not write it down: its line holds the address."""
    if isinstance(error, HTTPException):
        return error
    log.error("a calendar could not be made, reference %s", web.request_id(), exc_info=error)
    is_passing = isinstance(error, PoolTimeoutError) or (
        isinstance(error, DBAPIError) and web.is_passing_trouble(error)
    )
    return _empty(503 if is_passing else 500, retry_after_seconds=_RETRY_AFTER_SECONDS)


def _empty(status: int, *, retry_after_seconds: int = 0) -> Response:
    response = Response(status=status, mimetype="text/plain")
    if retry_after_seconds:
        response.headers["Retry-After"] = str(retry_after_seconds)
    return response


# --- no session ---


class _SessionOfPages(SecureCookieSessionInterface):
    """The signed session is for pages: at a feed none is read, kept, or named in Vary."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session; for who fetches a calendar an empty one, whatever cookie came along."""
        return (
            self.session_class() if _is_of_a_feed(request) else super().open_session(app, request)
        )

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where the session changed, and never at a feed."""
        if not _is_of_a_feed(request):
            super().save_session(app, session, response)


def _is_of_a_feed(request: Request) -> bool:
    # By the path: sessions are opened before the route is known.
    return request.path.startswith(f"{feeds.url_prefix}/")


@feeds.record_once
def _open_no_session(state: BlueprintSetupState) -> None:
    assert isinstance(state.app, Flask)
    state.app.session_interface = _SessionOfPages()
