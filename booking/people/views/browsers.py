"""The browser of this request: its session cookie, set at sign-in and taken away at sign-out."""

from __future__ import annotations

import flask_login
from flask import Response, redirect, request, session

from booking.core import web
from booking.core.errors import ForbiddenError
from booking.people import devices, sessions, sign_in
from booking.people.sessions import Begun

KEPT_AT_SIGN_OUT = frozenset({"language", "theme"})


def hand_over(response: Response, begun: Begun) -> Response:
    """Give the browser its new session; no script can read it, no other site can post with it.

    The CSRF token is renewed too: one that was known before sign-in is worth nothing after it.
    """
    session.pop("csrf_token", None)
    response.set_cookie(
        sign_in.cookie_name(),
        begun.secret,
        max_age=sessions.LONGEST,
        secure=web.settings().is_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def take_away(response: Response) -> Response:
    """Forget the session and all that belonged to the person; language and theme stay."""
    for key in set(session) - KEPT_AT_SIGN_OUT:
        session.pop(key)
    response.delete_cookie(
        sign_in.cookie_name(), secure=web.settings().is_https, httponly=True, samesite="Lax"
    )
    return response


def follow_the_person() -> None:
    """Forget the language chosen in this browser, so that the person's own is read."""
    session.pop("language", None)


def redirected(target: str) -> Response:
    """On to another page after an act, to be read with GET."""
    response = redirect(target, 303)  # nosemgrep: redirect-elsewhere  # callers checked it
    assert isinstance(response, Response)
    return response


def present_device() -> str:
    """The browser of this request, in words."""
    return devices.describe(request.user_agent.string)


def present_secret() -> str:
    """The secret the browser sent, whatever it is worth."""
    return request.cookies.get(sign_in.cookie_name(), "")


def present_session_id() -> int | None:
    """The row of this browser's session; None when a token was sent instead."""
    session_id: int | None = getattr(flask_login.current_user, "session_id", None)
    return session_id


def only_browsers() -> None:
    """Refuse tokens: one that could open the account's pages would make itself stronger ones."""
    if present_session_id() is None:
        raise ForbiddenError
