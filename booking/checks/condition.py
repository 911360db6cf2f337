"""How the installation is: what it runs on, whether that is well, and what to do if not."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from babel.dates import get_timezone

from booking.assets.manifest import AssetsNotBuiltError, Manifest
from booking.core import jobs, web, zones
from booking.core.database import SCHEMA_VERSION, engine_name, schema_version
from booking.messages import queries as messages
from booking.messages.smtp import Connection
from booking.occupancy import guard
from booking.spaces import queries as spaces
from config import SHORTEST_SECRET, WEAK_SECRETS, Settings

OLDEST_PYTHON = (3, 11)
OLDEST_TICK_SECONDS = 120
LEAST_FREE = 500  # MB
FEWEST_CHARACTERS = 8  # different ones, in a secret
WITNESS_ZONE = "Africa/Casablanca"
WITNESS = datetime(2026, 10, 1, 12, tzinfo=UTC)  # after Morocco's change to permanent UTC+0


@dataclass(frozen=True)
class Symptom:
    """One thing that was looked at; the advice is empty when it is well."""

    name: str
    found: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.advice


def examine() -> list[Symptom]:
    """Look at everything. What cannot be looked at without the database is left out."""
    settings = web.settings()
    found = [_python(), *_zone_data(), *_settings(settings)]
    schema = _schema()
    found.append(schema)
    if schema.is_well:
        found += [_zone(settings), _guard(), _tick(), _jobs()]
    return found


def _python() -> Symptom:
    found = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return Symptom("Python", found)
    return Symptom("Python", found, "Install Python 3.11 or newer and make the .venv anew.")


def _zone_data() -> Iterator[Symptom]:
    """Both are asked: Babel reads pytz where that is installed."""
    for name, release, offset in (
        ("tzdata", zones.version(), WITNESS.astimezone(zones.zone(WITNESS_ZONE)).utcoffset()),
        ("pytz", version("pytz"), WITNESS.astimezone(get_timezone(WITNESS_ZONE)).utcoffset()),
    ):
        found = f"{release}; {WITNESS_ZONE} on {WITNESS:%Y-%m-%d} is {offset} ahead of UTC"
        advice = "" if not offset else f"Run: pip install --upgrade '{name}>=2026.6'"
        yield Symptom(name, found, advice)


def _settings(settings: Settings) -> Iterator[Symptom]:
    examiners: tuple[Callable[[Settings], Symptom], ...] = (_secret, _assets, _mail, _disk)
    for examiner in examiners:
        yield examiner(settings)


def _secret(settings: Settings) -> Symptom:
    key = settings.secret_key
    is_weak = key.lower() in WEAK_SECRETS or len(set(key)) < FEWEST_CHARACTERS
    if not is_weak and len(key) >= SHORTEST_SECRET:
        return Symptom("Secret key", f"{len(key)} characters")
    return Symptom(
        "Secret key",
        "missing, too short or well known",
        f"Set SECRET_KEY to at least {SHORTEST_SECRET} random characters.",
    )


def _assets(settings: Settings) -> Symptom:
    try:
        manifest = Manifest.load(settings.assets)
    except AssetsNotBuiltError:
        return Symptom("Assets", "not built", "Run: python -m booking.assets")
    missing = [name for name in manifest.files.values() if not (settings.assets / name).exists()]
    if missing:
        return Symptom("Assets", f"{len(missing)} files missing", "Run: python -m booking.assets")
    return Symptom("Assets", f"{len(manifest.files)} files")


def _mail(settings: Settings) -> Symptom:
    if not settings.mail.host:
        if settings.production:
            return Symptom("Mail", "no server", "Set SMTP_HOST; until then nobody gets a mail.")
        return Symptom("Mail", "no server: messages are kept and shown to the operator")
    where = f"{settings.mail.host}:{settings.mail.port}"
    with Connection(settings.mail) as connection:
        trouble = connection.open()
    if trouble is None:
        return Symptom("Mail", f"{where} answers")
    advice = "Check SMTP_HOST, SMTP_PORT, SMTP_USER and SMTP_PASSWORD, and the server itself."
    return Symptom("Mail", f"{where}: {trouble.words}", advice)


def _disk(settings: Settings) -> Symptom:
    free = shutil.disk_usage(settings.instance).free // 1_000_000
    found = f"{free} MB free in {settings.instance}"
    advice = "" if free >= LEAST_FREE else "Make room, or move INSTANCE to another disk."
    return Symptom("Disk", found, advice)


def _schema() -> Symptom:
    schema = schema_version()
    if schema == SCHEMA_VERSION:
        return Symptom("Database", f"{engine_name()}, schema {schema}")
    found = f"{engine_name()}, schema {schema or 'none'}, this program needs {SCHEMA_VERSION}"
    return Symptom("Database", found, "Run: flask db upgrade")


def _zone(settings: Settings) -> Symptom:
    stored = spaces.site_zone()
    if stored in (None, settings.site_zone):
        return Symptom("Site's zone", settings.site_zone)
    return Symptom(
        "Site's zone",
        f"SITE_ZONE is {settings.site_zone}, and the site runs on {stored}",
        f"Set SITE_ZONE={stored}, or run flask setup while nobody has booked.",
    )


def _guard() -> Symptom:
    found = guard.read()
    names = ", ".join(sorted(found.definitions)) or "none"
    if found.is_whole:
        return Symptom("Overlap guard", names)
    return Symptom(
        "Overlap guard",
        f"missing or changed (found: {names})",
        "Restore a backup, or set the constraint or triggers again as the first migration does.",
    )


def _tick() -> Symptom:
    age = messages.tick_age()
    advice = "Start the server, or run: flask scheduler"
    if age is None:
        return Symptom("Tick", "has never run", advice)
    seconds = int(age.total_seconds())
    is_recent = seconds < OLDEST_TICK_SECONDS
    return Symptom("Tick", f"last ran {seconds} seconds ago", "" if is_recent else advice)


def _jobs() -> Symptom:
    failing = [job for job in jobs.jobs().values() if job.is_failing]
    if not failing:
        return Symptom("Jobs", "none failed in its last run")
    found = "; ".join(f"{job.name.value}: {job.last_error}" for job in failing)
    return Symptom("Jobs", found, "Mend the cause; the next tick tries again.")
