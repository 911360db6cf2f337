"""Tests of the pages on the demo park."""

from tests.demo_park import loaded, park

__all__ = ["loaded", "park"]
