"""Planned messages before a reservation starts."""
