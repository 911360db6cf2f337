"""The application as a server loads it."""

import os

from booking import check_start, create_app
from config import Settings

app = create_app(Settings.from_environment())
if os.environ.get("FLASK_RUN_FROM_CLI"):
    from booking import cli

    cli.register(app)
else:  # commands must run on a database not yet ready
    check_start(app)
