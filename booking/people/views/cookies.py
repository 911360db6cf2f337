"""The session cookie: set at sign-in, taken away at sign-out."""

from __future__ import annotations

from flask import Response, request, session

from booking.core import web
from booking.people import sessions, sign_in
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


def present_secret() -> str:
    """The secret the browser sent, whatever it is worth."""
    return request.cookies.get(sign_in.cookie_name(), "")
