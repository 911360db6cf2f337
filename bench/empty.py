"""The measure: a bare Flask app with one empty route, under the program's own gunicorn settings.

gunicorn reads this module as its configuration: `--config python:bench.empty`.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from flask import Flask

_own = runpy.run_path(str(Path(__file__).resolve().parent.parent / "gunicorn.conf.py"))
# Everything but its hooks: this app has no connections to open after the fork.
globals().update({name: setting for name, setting in _own.items() if not callable(setting)})
wsgi_app = "bench.empty:app"

app = Flask("empty")


@app.get("/")
def empty() -> str:
    """Nothing at all."""
    return ""
