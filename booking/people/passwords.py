"""Passwords: which are good enough, how they are hashed, how they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from booking.core.errors import Problem

SHORTEST = 12
LONGEST = 200
OWN_CHARACTERS = 6  # so many must remain when everything easy to guess is taken out
DIFFERENT_CHARACTERS = 5
SHORTEST_RUN = 4

_hasher = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)

# Compared with when there is no account, so that this takes as long as a wrong password does.
# Its 32 zero bytes are the hash of nothing anybody could find.
NOBODYS_HASH = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 43}"

COMMON_WORDS = (
    *("password", "passwort", "passw", "motdepasse", "contrasena", "mdp", "pass", "word"),
    *("secret", "admin", "administrator", "administrateur", "root", "user", "login", "test"),
    *("welcome", "bienvenue", "marhaba", "salam", "bonjour", "hello", "letmein", "changeme"),
    *("iloveyou", "jetaime", "monamour", "habibi", "habiba", "princess", "princesse", "sunshine"),
    *("soleil", "doudou", "chouchou", "loulou", "dragon", "monkey", "master", "superman"),
    *("batman", "football", "baseball", "starwars", "whatever", "trustno", "access", "default"),
    *("casablanca", "maroc", "morocco", "marrakech", "rabat", "fes", "tanger", "agadir"),
    *("raja", "wydad", "bismillah", "allah", "mohamed", "mohammed", "muhammad", "ordinateur"),
    *("computer", "internet", "azerty", "qwerty", "qwertz", "company", "office", "bureau"),
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "1a2z3e4r5t6y7u8i9o0p"),
)
LONGEST_RUN = max(map(len, _ROWS))
_YEAR = re.compile(r"(19|20)\d\d")
_DISGUISES = str.maketrans("01345@$7!", "oieasasti")


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. Without a stored one the answer is no, as slowly."""
    try:
        _hasher.verify(stored or NOBODYS_HASH, _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def problem_with(password: str, own_words: Iterable[str] = ()) -> Problem | None:
    """Why this password is refused; None when it is good.

    `own_words` are what others know of the person: name, e-mail, the name of the site.
    """
    text = _normal(password)
    if len(text) < SHORTEST:
        return Problem.TOO_SHORT
    if len(text) > LONGEST:
        return Problem.TOO_LONG
    lowered = text.lower()
    if len(set(lowered)) < DIFFERENT_CHARACTERS or _repeats_itself(lowered):
        return Problem.TOO_COMMON
    known = _known_words(own_words)
    remains = min(
        len(_what_is_own(variant, known)) for variant in (lowered, lowered.translate(_DISGUISES))
    )
    return Problem.TOO_COMMON if remains < OWN_CHARACTERS else None


def _normal(password: str) -> str:
    """One form for what keyboards write differently: é as one character or as two."""
    return unicodedata.normalize("NFKC", password)


def _repeats_itself(text: str) -> bool:
    return text in (text + text)[1:-1]


def _known_words(own_words: Iterable[str]) -> list[str]:
    """Common and own words, the longest first; two letters are in too many good passwords."""
    own = {word for text in own_words for word in re.split(r"[\W_]+", _normal(text).lower())}
    return sorted({*COMMON_WORDS, *(word for word in own if len(word) > 2)}, key=len, reverse=True)


def _what_is_own(text: str, known: list[str]) -> str:
    """What is left without known words, years, runs of neighbouring keys, signs and digits at
    the end."""
    for word in known:
        text = text.replace(word, " ")
    text = _without_runs(_YEAR.sub(" ", text))
    return re.sub(r"[\W_]+", "", re.sub(r"[\d\W_]+$", "", text))


def _without_runs(text: str) -> str:
    kept, start = "", 0
    while start < len(text):
        length = _run_length(text[start:])
        kept += " " if length else text[start]
        start += length or 1
    return kept


def _run_length(text: str) -> int:
    """How many characters at the beginning lie side by side; 0 when too few to be a run."""
    for length in range(min(len(text), LONGEST_RUN), SHORTEST_RUN - 1, -1):
        piece = text[:length]
        if any(piece in row or piece[::-1] in row for row in _ROWS):
            return length
    return 0
