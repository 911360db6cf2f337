"""What a person's name and address must look like."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from booking.core.errors import InvalidError, Problem

LONGEST_EMAIL = 254
LONGEST_NAME = 120


def checked_email(text: str) -> str:
    """An e-mail address as it is stored; raises InvalidError for the field `email`.

    Whether somebody reads it, only a mail can tell: no other server is asked.
    """
    typed = text.strip()
    if not typed:
        raise InvalidError({"email": Problem.MISSING})
    if len(typed) > LONGEST_EMAIL:
        raise InvalidError({"email": Problem.TOO_LONG})
    if not typed.isprintable():  # a lone surrogate can be neither checked nor stored
        raise InvalidError({"email": Problem.UNREADABLE})
    try:
        address = validate_email(typed, check_deliverability=False)
    except EmailNotValidError as error:
        raise InvalidError({"email": Problem.UNREADABLE}) from error
    return address.normalized.lower()


def checked_name(text: str) -> str:
    """A person's name on one line; raises InvalidError for the field `name`."""
    name = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not name:
        raise InvalidError({"name": Problem.MISSING})
    if len(name) > LONGEST_NAME:
        raise InvalidError({"name": Problem.TOO_LONG})
    return name
