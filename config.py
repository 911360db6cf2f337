"""The settings of one installation, read once from the environment and never changed afterwards."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
SHORTEST_SECRET = 32
DEMO_SITE_NAME = "Casablanca Tech Valley"
WEAK_SECRETS = frozenset({"changeme", "change-me", "secret", "dev", "development", "default"})


class SettingsError(ValueError):
    """A setting makes the start unsafe or impossible; the text says which and what to do."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over. Without a host, mail is kept and shown instead of sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    timeout_seconds: int = 20
    sender: str = "booking@localhost"


@dataclass(frozen=True)
class Limits:
    """How often somebody may try something; 0 is no limit."""

    sign_ins_of_an_account: int = 5  # that failed, in a quarter of an hour
    sign_ins_from_an_address: int = 20
    reset_mails_to_a_mailbox: int = 3  # in an hour
    resets_from_an_address: int = 20
    booking_writes_of_a_person: int = 60  # in a minute
    decisions_of_a_person: int = 300  # in a minute: a whole list at once, and some more
    invitations_of_a_person: int = 200  # in a day; operators have no limit


@dataclass(frozen=True)
class Settings:
    """Every value has a default that works on a laptop; production asks for more (see `check`)."""

    database_url: str = f"sqlite:///{ROOT / 'instance' / 'booking.db'}"
    secret_key: str = field(default="", repr=False)
    public_url: str = "http://127.0.0.1:8000"
    production: bool = False
    debug: bool = False
    demo: bool = False
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    trusted_proxies: int = 0
    mail: MailServer = MailServer()
    tick_inside: bool = True
    tick_seconds: int = 20
    feed_fetches_per_hour: int = 60
    limits: Limits = Limits()
    reminder_minutes: tuple[int, ...] = (24 * 60, 60)
    instance: Path = ROOT / "instance"
    assets: Path = ROOT / "build" / "static"
    site_name: str = "Technology park"
    site_zone: str = "Africa/Casablanca"
    site_country: str = "MA"
    site_currency: str = "MAD"
    default_language: str = "fr"

    @property
    def is_https(self) -> bool:
        """Whether members reach the site by https, so that cookies are Secure and HSTS is sent."""
        return self.public_url.startswith("https://")

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; raises SettingsError where a value is unusable or unsafe."""
        read = _Reader(environment)
        port = read.whole("PORT", 8000)
        public_url = read.text("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
        host = urlsplit(public_url).hostname or ""
        production = read.yes("PRODUCTION", not _is_loopback(host))
        demo = read.yes("DEMO", not production)
        instance = Path(read.text("INSTANCE", str(ROOT / "instance")))
        settings = Settings(
            database_url=_database_url(read.text("DATABASE_URL", ""), instance),
            secret_key=read.text("SECRET_KEY", "") or _local_secret(instance, production),
            public_url=public_url,
            production=production,
            debug=read.yes("FLASK_DEBUG", False),
            demo=demo,
            trusted_hosts=read.words("TRUSTED_HOSTS", (*Settings.trusted_hosts, host)),
            trusted_proxies=read.whole("TRUSTED_PROXIES", 0),
            mail=MailServer(
                host=read.text("SMTP_HOST", ""),
                port=read.whole("SMTP_PORT", 25),
                user=read.text("SMTP_USER", ""),
                password=read.text("SMTP_PASSWORD", ""),
                starttls=read.yes("SMTP_STARTTLS", False),
                timeout_seconds=read.whole("SMTP_TIMEOUT", 20),
                sender=read.text("MAIL_FROM", f"booking@{host or 'localhost'}"),
            ),
            tick_inside=read.yes("TICK_INSIDE", True),
            reminder_minutes=read.whole_numbers("REMINDER_MINUTES", Settings.reminder_minutes),
            tick_seconds=read.whole("TICK_SECONDS", 20),
            feed_fetches_per_hour=read.whole("FEED_FETCHES_PER_HOUR", 60),
            limits=read.limits(),
            instance=instance,
            assets=Path(read.text("ASSETS", str(ROOT / "build" / "static"))),
            site_name=read.text("SITE_NAME", DEMO_SITE_NAME if demo else Settings.site_name),
            site_zone=read.text("SITE_ZONE", Settings.site_zone),
            site_country=read.text("SITE_COUNTRY", Settings.site_country),
            site_currency=read.text("SITE_CURRENCY", Settings.site_currency),
            default_language=read.text("DEFAULT_LANGUAGE", Settings.default_language),
        )
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what must never run: in production a weak secret, debug, demo accounts."""
        if not self.production:
            return
        weak = self.secret_key.lower() in WEAK_SECRETS or len(set(self.secret_key)) < 8
        if weak or len(self.secret_key) < SHORTEST_SECRET:
            raise SettingsError(
                f"SECRET_KEY is missing, too short or well known. Set at least {SHORTEST_SECRET} "
                'random characters, for instance: python3 -c "import secrets; '
                'print(secrets.token_urlsafe(48))"'
            )
        if self.debug:
            raise SettingsError("FLASK_DEBUG is on. Unset it: debug pages show secrets.")
        if self.demo:
            raise SettingsError("DEMO=1 would open demo accounts to everyone. Unset it.")


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def limits(self) -> Limits:
        """Each limit stands under its own name in capitals."""
        return Limits(
            **{name: self.whole(name.upper(), most) for name, most in asdict(Limits()).items()}
        )

    def text(self, name: str, default: str) -> str:
        return self._environment.get(name, "").strip() or default

    def whole(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit()):
            raise SettingsError(f"{name} must be a whole number, not {text!r}.")
        return int(text)

    def yes(self, name: str, default: bool) -> bool:
        text = self.text(name, "1" if default else "0").lower()
        if text not in {"0", "1", "yes", "no", "true", "false", "on", "off"}:
            raise SettingsError(f"{name} must be 0 or 1, not {text!r}.")
        return text in {"1", "yes", "true", "on"}

    def whole_numbers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        words = self.words(name, tuple(str(number) for number in default))
        if not all(word.isascii() and word.isdigit() for word in words):
            raise SettingsError(f"{name} must be whole numbers, comma separated.")
        return tuple(int(word) for word in words)

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        text = self.text(name, "")
        words = tuple(word.strip() for word in text.split(",") if word.strip())
        return words or tuple(dict.fromkeys(word for word in default if word))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'booking.db'}"
    for short in ("postgresql://", "postgres://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _local_secret(instance: Path, production: bool) -> str:
    """On a laptop the secret is made once and kept beside the database; production sets its own."""
    if production:
        return ""
    kept = instance / "secret_key"
    if not kept.exists():
        instance.mkdir(parents=True, exist_ok=True)
        draft = instance / f"secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(48))
        draft.chmod(0o600)
        draft.replace(kept)
    return kept.read_text().strip()
