"""What the settings refuse in production."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Settings, SettingsError

STRONG = "q7Yx0-Zk3vN9_sLw2TfJ8bRmH5cGd1PaEu6"
PRODUCTION = {"PUBLIC_URL": "https://booking.example.org", "SECRET_KEY": STRONG}


def read(tmp_path: Path, **environment: str) -> Settings:
    return Settings.from_environment({"INSTANCE": str(tmp_path), **environment})


def test_a_laptop_needs_no_setting(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.demo
    assert not settings.production
    assert len(settings.secret_key) >= 32
    assert read(tmp_path).secret_key == settings.secret_key


def test_an_address_that_is_not_loopback_is_production(tmp_path: Path) -> None:
    settings = read(tmp_path, **PRODUCTION)
    assert settings.production
    assert settings.is_https
    assert not settings.demo
    assert "booking.example.org" in settings.trusted_hosts


@pytest.mark.parametrize("secret", ["", "changeme", "short", "a" * 40])
def test_a_weak_secret_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        read(tmp_path, **PRODUCTION | {"SECRET_KEY": secret})


@pytest.mark.parametrize("name", ["FLASK_DEBUG", "DEMO"])
def test_debug_and_demo_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **PRODUCTION, **{name: "1"})


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "http"), ("SMTP_PORT", "-1"), ("TICK_INSIDE", "maybe")]
)
def test_an_unreadable_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **{name: value})


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_the_usual_address_of_postgresql_is_understood(tmp_path: Path, scheme: str) -> None:
    settings = read(tmp_path, DATABASE_URL=f"{scheme}://user@db/booking")
    assert settings.database_url == "postgresql+psycopg://user@db/booking"
