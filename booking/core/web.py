"""The web edge: declared actions, the current actor, headers, problem details, ETags."""

from __future__ import annotations

import gzip
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import brotli
import flask_login
from flask import Response, current_app, g, request, stream_with_context
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from booking.core import idempotency
from booking.core.errors import SignInRequiredError
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from config import Settings

View = TypeVar("View", bound=Callable[..., object])

API = "/api/"
BODY_LIMIT = 256 * 1024
SMALLEST_PACKED = 1024  # below, packing costs more than it saves
BROTLI_QUALITY = 6  # a floor of 300 spaces: a quarter smaller than 4 for two milliseconds more
GZIP_LEVEL = 6
_LOCAL_TARGET = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # printable ASCII without backslash, no space

csrf = CSRFProtect()

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def acts(action: Action) -> Callable[[View], View]:
    """Declare what a route is about; before each view the frame holds everyone to it."""

    def declare(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]  # read back by action_of
        return view

    return declare


def accepts(octets: int) -> Callable[[View], View]:
    """Let a route take bodies of that size, for files; all others take 256 KiB at most."""

    def declare(view: View) -> View:
        view.body_limit = octets  # type: ignore[attr-defined]  # read back by body_limit
        return view

    return declare


def body_limit() -> int:
    """How large the body of this request may be."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "body_limit", BODY_LIMIT)


def declared_action() -> Action | None:
    """The action of the view that this request reaches."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "action", None)


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["booking"]
    return found


def park_name() -> str:
    """What the park is called in the current language, as its operator has set it."""
    found: str = current_app.extensions["park_name"]()
    return found


def current_actor_or_none() -> Actor | None:
    """Who is signed in, by session or token."""
    return getattr(flask_login.current_user, "actor", None)


def current_actor() -> Actor:
    """Who is signed in; raises SignInRequiredError when nobody is."""
    actor = current_actor_or_none()
    if actor is None:
        raise SignInRequiredError
    return actor


def read_as_nobody() -> None:
    """Go on as if nobody were signed in: a database in trouble cannot be asked again who it is."""
    g._login_user = flask_login.AnonymousUserMixin()


def is_api() -> bool:
    """Whether this request is answered in JSON."""
    return request.path.startswith(API)


def has_bearer() -> bool:
    """Whether the request brings a token, so that no cookie (and no CSRF) is in play."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def local_target(target: str | None, fallback: str) -> str:
    """A redirect target of our own site, or the fallback."""
    return target if target and _LOCAL_TARGET.fullmatch(target) else fallback


def public_url(endpoint: str, **values: object) -> str:
    """An absolute address from PUBLIC_URL, never from the request's Host."""
    return settings().public_url + path_of(endpoint, **values)


def path_of(endpoint: str, **values: object) -> str:
    """The path of an endpoint, in requests and in the worker alike."""
    return current_app.url_map.bind("").build(endpoint, values)


def problem(status: int, code: str, title: str, detail: str = "", **more: object) -> Response:
    """An error as RFC 9457 wants it."""
    body = {
        "type": f"about:blank#{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": request.path,
        "code": code,
        **more,
    }
    return Response(
        json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json"
    )


def once(actor: Actor, act: Callable[[], Answer]) -> Answer:
    """Act once for the Idempotency-Key of this call; what was asked is its method, address and
    body. Raises InvalidError as `idempotency.once` does."""
    asked = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    return idempotency.once(actor, request.headers.get("Idempotency-Key"), asked, act)


def once_for_form(actor: Actor, key: str | None, act: Callable[[], Answer]) -> Answer:
    """The same for the form of a page with this key: what was asked is its address and fields.

    A key that no page of ours has given is none.
    """
    known = key if key and key.isascii() and key.isprintable() else None
    fields = [item for item in request.form.items(multi=True) if item[0] != "csrf_token"]
    asked = repr((request.path, sorted(fields))).encode(errors="surrogatepass")
    return idempotency.once(actor, known, asked, act)


def answer_json(body: Mapping[str, object], status: int = 200, location: str = "") -> Response:
    """A JSON answer; `location` only where something was made."""
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    if location:
        response.headers["Location"] = location
        response.autocorrect_location_header = False
    return response


def answer_file(pieces: Iterable[bytes], name: str, mimetype: str) -> Response:
    """A file to save under this name, sent piece by piece while it is read from the database."""
    response = Response(stream_with_context(iter(pieces)), mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def new_request_id() -> str:
    """A short code that stands on the error page and in the log."""
    return secrets.token_hex(6)


def request_id() -> str:
    """The code of this request."""
    if "request_id" not in g:
        g.request_id = new_request_id()
    return str(g.request_id)


def protect(response: Response) -> Response:
    """The headers of every answer; a view may have set a stricter one already."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def compress(response: Response) -> Response:
    """Pages travel small, where the reader's program can unpack them.

    A page holds a secret (the CSRF token) beside words from its address, which is what attacks by
    length need. They need thousands of answers that differ in nothing else: the token is signed
    anew every second, and a foreign site's requests come without the cookie (SameSite), so they
    never reach such a page. What must not be packed all the same says `no-transform`.
    """
    if response.mimetype != "text/html":
        return response
    response.vary.add("Accept-Encoding")
    if not _is_worth_packing(response):
        return response
    accepted = request.accept_encodings
    if accepted.quality("br"):
        packed, name = brotli.compress(response.get_data(), quality=BROTLI_QUALITY), "br"
    elif accepted.quality("gzip"):
        packed, name = gzip.compress(response.get_data(), GZIP_LEVEL, mtime=0), "gzip"
    else:
        return response
    response.set_data(packed)
    response.content_encoding = name
    return response


def _is_worth_packing(response: Response) -> bool:
    return (
        not response.is_streamed
        and not response.direct_passthrough
        and response.content_encoding is None
        and not response.cache_control.no_transform
        and (response.calculate_content_length() or 0) >= SMALLEST_PACKED
    )


def is_passing_trouble(error: DBAPIError) -> bool:
    """Whether the database is busy, gone or full, rather than asked something wrong."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return sqlstate[:2] in {"08", "40", "53", "55", "57", "58"}
    return isinstance(error, OperationalError | InterfaceError)
