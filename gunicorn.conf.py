"""How gunicorn serves: on loopback, in two processes that share what was loaded before the fork."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from flask import Flask

from booking import start_in_worker

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

_port = os.environ.get("PORT", "8000")

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{_port}"  # the world comes in through a proxy
# Processes, not threads: fighting for SQLite's lock made the slowest answers ten times slower.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "sync"
preload_app = True  # two processes need 114 MB together instead of 193

timeout = 30
graceful_timeout = 30
backlog = 512
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# A socket in the home directory that can stop the server is a door nobody needs.
control_socket_disable = True
# Only ProxyFix believes forwarded headers, and only as often as TRUSTED_PROXIES says.
forwarded_allow_ips = ""
# Addresses of calendars and links in mails hold secrets: they must not reach a log.
accesslog = None
loglevel = "warning"


def when_ready(server: Arbiter) -> None:
    """Say where to look, as the last line of the start, and set aside what was loaded.

    The collector writes into all it looks at, which would give each process a copy of its own; and
    a page makes thousands of small values that die at once, so that it need not look so often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    address = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{_port}")
    print(f"Ready: {address}   (stop with Ctrl-C)", flush=True)


def post_worker_init(worker: Worker) -> None:
    """Open connections and start the tick after the fork: neither survives one."""
    assert isinstance(worker.wsgi, Flask)
    start_in_worker(worker.wsgi)
