"""Names for rows and secrets for people: public ids, spoken references, tokens."""

import hashlib
import secrets
import threading
import time
import uuid

# No 0 and O, no 1 and I: a reference is read aloud and typed from paper.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REFERENCE_LENGTH = 6

_STEPS_PER_MILLISECOND = 1 << 12
_RANDOM_BITS = 62
_VARIANT = 0b10

_lock = threading.Lock()
_last_step = 0


def new_public_id() -> str:
    """A UUID of version 7 (RFC 9562); within a process each sorts after the one before it."""
    step = _next_step()
    milliseconds, fraction = divmod(step, _STEPS_PER_MILLISECOND)
    number = milliseconds << 80 | 7 << 76 | fraction << 64 | _VARIANT << _RANDOM_BITS
    return str(uuid.UUID(int=number | secrets.randbits(_RANDOM_BITS)))


def _next_step() -> int:
    """The time in 1/4096 milliseconds, or one more than the last answer where that is later.

    This is the machine's own clock: a stopped or turned clock must not repeat an id.
    """
    global _last_step
    with _lock:
        step = time.time_ns() * _STEPS_PER_MILLISECOND // 1_000_000
        _last_step = max(step, _last_step + 1)
        return _last_step


def new_reference() -> str:
    """A short code that can be spoken; the caller's unique constraint decides, then try again."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def new_secret() -> str:
    """256 random bits, safe in a URL; shown once and stored only as its digest."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a secret. It is random and long, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
