"""Tests of pages and endpoints through the test client, each on both engines."""

from tests.installations import app, client, engine, installation

__all__ = ["app", "client", "engine", "installation"]
