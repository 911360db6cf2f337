"""Tests of services and queries on real databases, each on both engines."""

from tests.installations import app, engine, installation
from tests.working import inbox, run, told, use_mail

__all__ = ["app", "engine", "inbox", "installation", "run", "told", "use_mail"]
