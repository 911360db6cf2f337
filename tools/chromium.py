"""Find the browser that the journeys drive, and install it where that is possible.

`python -m tools.chromium` is the step before the browser tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# The shell draws pages and nothing else; a whole browser draws a window around each, unseen.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
ADVICE = """\
The browser tests need Chromium, which was not found, and it could not be installed from here.
Install it once and run this again:
  Debian:          sudo apt-get install chromium-headless-shell
  Fedora:          sudo dnf install chromium
  elsewhere:       any Chromium or Chrome whose program is on the PATH"""


def find() -> str | None:
    """The path of the browser's program."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> bool:
    """Install it by apt, as root or by a sudo that asks nothing; False where that is impossible."""
    if not shutil.which("apt-get"):
        return False
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if may and not _succeeds([*may, "true"]):
        return False
    print("Installing Chromium with apt (once; about a minute) ...", flush=True)
    environment = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    return _succeeds([*environment, "update"]) and any(
        _succeeds([*environment, "install", "-y", "--no-install-recommends", name])
        for name in NAMES[:2]
    )


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return False
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Make sure that the browser is there, or say what to do."""
    if find() or (install() and find()):
        return 0
    print(ADVICE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
