"""The files browsers fetch: built once from packages and sources, then found through a manifest."""

from booking.assets.manifest import Manifest

__all__ = ["Manifest"]
