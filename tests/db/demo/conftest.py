"""Tests of the demo park as data."""

from tests.demo_park import loaded, park

__all__ = ["loaded", "park"]
