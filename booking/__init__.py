"""The application: wiring and nothing else."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_migrate import Migrate, Migrate as _Migrate
from whitenoise import WhiteNoise

from booking.core import zones

zones.prepare()  # before anything asks for a zone
