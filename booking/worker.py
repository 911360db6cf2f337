"""The tick: handles events, sends what is due, lets expire what waited too long."""

from __future__ import annotations

from flask import Flask


def start_inside(app: Flask) -> None:
    """Run the tick inside this web process."""
