"""Tests of services and queries on real databases, each on both engines."""

from tests.installations import app, engine, installation

__all__ = ["app", "engine", "installation"]
