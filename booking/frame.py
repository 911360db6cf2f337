"""The frame around every request: rights, CSRF, errors, headers, what templates know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from booking.assets.manifest import Manifest
from booking.core import clock, i18n, layout_texts, months, permissions, web, zones
from booking.core.database import abandon
from booking.core.errors import (
    FixedError,
    ForbiddenError,
    InUseError,
    InvalidError,
    LastOneError,
    NotFoundError,
    NotOfferedError,
    OutdatedError,
    PlacesNeededError,
    RefusedError,
    SignInRequiredError,
    StaleError,
    TooManyError,
)
from booking.core.forms import too_many_in_words
from booking.core.i18n import _
from booking.core.permissions import Action, Actor
from booking.core.refusals import facts_as_json
from booking.house import queries as house
from booking.house.queries import Brand
from booking.reservations import limits

log = logging.getLogger("booking")

_ExceptionInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
BOOKING_WRITES = frozenset({Action.BOOK, Action.CHANGE, Action.CANCEL})
DECISIONS = frozenset({Action.DECIDE, Action.ASK})  # several at once count where they are taken
RETRY_AFTER_SECONDS = "5"


@dataclass(frozen=True)
class NavigationEntry:
    """One line of the menu."""

    url: str
    icon: str
    label: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class Language:
    """A language by its own name."""

    code: str
    name: str


@dataclass(frozen=True)
class Shown:
    """The park's name in the reader's language, and its logo."""

    name: str
    logo_digest: str | None


@dataclass(frozen=True)
class Reader:
    """Who reads the page, as the frame shows it."""

    name: str
    organisation: str


LANGUAGES = tuple(Language(code, name) for code, name in i18n.OWN_NAMES.items())


class Application(Flask):
    """Flask, but for one line of its log."""

    def log_exception(self, exc_info: _ExceptionInfo) -> None:
        """The reference that stands on the page, and not the address, which may hold a secret."""
        log.error(
            "an error in %s, reference %s", request.endpoint, web.request_id(), exc_info=exc_info
        )


def install(
    app: Flask, manifest: Manifest, navigation: Callable[[], list[NavigationEntry]]
) -> None:
    """Put the frame around an application."""
    app.before_request(_guard)
    app.after_request(web.protect)
    app.after_request(web.compress)
    for error, handler in _HANDLERS.items():
        app.register_error_handler(error, handler)
    app.jinja_env.globals.update(
        asset=manifest.asset_url,
        brand=_brand,
        month_words=_month_words,
        languages=LANGUAGES,
        navigation=navigation,
        format_day=i18n.format_day,
        format_short_day=i18n.format_short_day,
        format_clock=i18n.format_clock,
        format_duration=i18n.format_duration,
        name_in=i18n.name_in,
        path_of=web.path_of,  # for pages that answer a host that is not ours, too
        isolated=i18n.isolated,
        layout_in_words=layout_texts.layout_in_words,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.context_processor(_what_templates_know)


def _guard() -> None:
    """Before each view: the declared action, and CSRF for what a cookie alone could do."""
    if request.endpoint is None:
        return  # no route: the answer is a 404 or 405 anyway
    action = web.declared_action()
    if action is None:
        raise ForbiddenError  # a route that declares nothing is open to nobody
    # Who fetches a calendar is not looked up: the secret is the right, and a 304 must stay cheap.
    actor = None if action is Action.FETCH_FEED else web.current_actor_or_none()
    permissions.require_entry(actor, action)
    request.max_content_length = web.body_limit()
    if request.method in UNSAFE and not web.has_bearer():
        web.csrf.protect()
    if actor is not None and request.method in UNSAFE:
        _count(actor, action)


def _count(actor: Actor, action: Action) -> None:
    """Raise TooManyError where it comes too often."""
    if action in BOOKING_WRITES:
        limits.count_booking_write(actor)
    elif action in DECISIONS:
        limits.count_decisions(actor)


def _what_templates_know() -> dict[str, object]:
    settings = web.settings()
    return {
        "language": i18n.language(),
        "direction": "rtl" if i18n.is_right_to_left() else "ltr",
        "theme": session.get("theme", ""),
        "demo_bar": settings.demo,
        "person": _reader(),
    }


def _stored_brand() -> Brand:
    """Read once a request; a page about a database in trouble asks it nothing."""
    if "brand" not in g:
        g.brand = house.brand()
    found: Brand = g.brand
    return found


def _month_words() -> months.Words:
    """What the month over a field for a day is drawn from."""
    today = clock.today(zones.zone(web.settings().site_zone))
    return months.words(_stored_brand().first_weekday, today)


def _brand() -> Shown:
    found = _stored_brand()
    return Shown(i18n.name_in(found.names) or web.settings().site_name, found.logo_digest)


def _reader() -> Reader | None:
    actor = web.current_actor_or_none()
    if actor is None:
        return None
    return Reader(actor.name, actor.memberships[0].name if actor.memberships else "")


def _on_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if isinstance(error, CSRFError) and not web.is_api():
        # The session ended while the form was open: the page is read again, nothing was changed.
        flash(_("The page was open for too long. Please try again."), "warn")
        return redirect(_where_the_form_was(), 303)  # nosemgrep: redirect-elsewhere  # a known path
    code = error.name.lower().replace(" ", "_")
    response = _answer(status, code, error.name, error.description or "")
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _where_the_form_was() -> str:
    """The page to read again: some forms send to an address that only takes POST."""
    came_from = request.referrer or ""
    inside = came_from.removeprefix(request.host_url.rstrip("/"))
    pages = current_app.url_map.bind("")
    for path in (request.path, inside.partition("?")[0] if inside != came_from else ""):
        if web.local_target(path, "") and pages.test(path, "GET"):
            return path
    return "/"


def _on_sign_in_required(error: SignInRequiredError) -> ResponseReturnValue:
    if web.is_api():
        answer = web.problem(401, error.code, "Sign in, or send a valid token")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("sign_in.form", next=here), 303)


def _on_not_found(error: NotFoundError) -> ResponseReturnValue:
    return _answer(404, error.code, "Not found")


def _on_forbidden(error: ForbiddenError) -> ResponseReturnValue:
    return _answer(403, error.code, "Not allowed")


def _on_invalid(error: InvalidError) -> ResponseReturnValue:
    fields = {name: problem.value for name, problem in error.fields.items()}
    title = "Some fields cannot be used"
    if isinstance(error, PlacesNeededError):
        return _answer(422, error.code, title, fields=fields, needed=error.needed)
    if isinstance(error, NotOfferedError):
        return _answer(422, error.code, title, fields=fields, offered=list(error.offered))
    return _answer(422, error.code, title, fields=fields)


def _on_refused(error: RefusedError) -> ResponseReturnValue:
    reasons = [facts_as_json(refusal) for refusal in error.refusals]
    return _answer(409, error.code, "The house rules refuse this", reasons=reasons)


def _on_last_one(error: LastOneError) -> ResponseReturnValue:
    return _answer(409, error.code, "Nobody else would be left to do this")


def _on_stale(error: StaleError) -> ResponseReturnValue:
    status = 412 if request.method == "PATCH" else 409
    version = error.current_version
    return _answer(status, error.code, "It has changed since", current_version=version)


def _on_outdated(error: OutdatedError) -> ResponseReturnValue:
    status = 412 if request.method in {"PATCH", "DELETE"} else 409
    return _answer(
        status, error.code, "It has changed since", changed=error.fields, etag=error.current
    )


def _on_in_use(error: InUseError) -> ResponseReturnValue:
    return _answer(409, error.code, "It is in use")


def _on_fixed(error: FixedError) -> ResponseReturnValue:
    stays = " ".join(_STAYS[name] for name in error.fields)
    return _answer(409, error.code, "It can no longer be changed", stays, fixed=error.fields)


_STAYS = {
    "zone": "The setting SITE_ZONE gives the time zone, and flask setup stores it.",
    "country": "There are reservations: the country stays as it is.",
}


def _on_too_many(error: TooManyError) -> ResponseReturnValue:
    wait = too_many_in_words(error)
    if web.is_api():
        response = web.problem(429, error.code, "Too many requests", wait)
    else:
        response = Response(render_template("errors/429.html", wait=wait), 429)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _on_database_trouble(error: DBAPIError | PoolTimeoutError) -> ResponseReturnValue:
    """Busy, gone, or its disk full: the client may come back. Anything else is a bug of ours."""
    abandon()
    web.read_as_nobody()
    g.brand = Brand()
    log.error("database trouble, reference %s", web.request_id(), exc_info=error)
    if isinstance(error, DBAPIError) and not web.is_passing_trouble(error):
        return _answer(500, "error", "Something went wrong")
    response = _answer(503, "busy", "The service is busy")
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _answer(status: int, code: str, title: str, detail: str = "", **more: object) -> Response:
    """A problem document under the API, a page in plain words elsewhere."""
    if web.is_api():
        return web.problem(status, code, title, detail, **more)
    page = status if status in _PAGES else (400 if status < 500 else 500)
    reference = web.request_id() if status >= 500 else ""
    return Response(render_template(f"errors/{page}.html", reference=reference), status)


_PAGES = frozenset({400, 403, 404, 405, 409, 410, 413, 429, 500, 503})

_HANDLERS: dict[type[Exception], Callable[..., ResponseReturnValue]] = {
    HTTPException: _on_http_error,
    SignInRequiredError: _on_sign_in_required,
    NotFoundError: _on_not_found,
    ForbiddenError: _on_forbidden,
    InvalidError: _on_invalid,
    RefusedError: _on_refused,
    LastOneError: _on_last_one,
    StaleError: _on_stale,
    OutdatedError: _on_outdated,
    InUseError: _on_in_use,
    FixedError: _on_fixed,
    TooManyError: _on_too_many,
    DBAPIError: _on_database_trouble,
    PoolTimeoutError: _on_database_trouble,
}
