"""Make an environment hold exactly what a lock file says.

`python tools/environment.py requirements.txt` is about .venv; a folder after it names another one.
It uses the standard library only, since it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
import venv
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEP = 10  # packages between two lines of progress


def main(lock: Path, environment: Path) -> int:
    """Install the lock unless it is what was installed last."""
    stamp = _stamp(lock, environment)
    works = _works(environment)
    if works and stamp.exists() and stamp.read_text() == _fingerprint(lock):
        return 0
    if not works:
        print(
            f"Making the virtual environment with Python {sys.version.split()[0]} ...", flush=True
        )
        venv.create(environment, clear=True, with_pip=True)
    code = _install(lock, environment)
    if code == 0:
        for installed in _locks_within(lock):
            _stamp(installed, environment).write_text(_fingerprint(installed))
    return code


def _stamp(lock: Path, environment: Path) -> Path:
    return environment / f"{lock.stem}.installed"


def _fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _locks_within(lock: Path) -> list[Path]:
    """This lock and those it contains: the one for development holds the one for the run-time."""
    lines = set(_lines(lock))
    return [other for other in ROOT.glob("requirements*.txt") if lines.issuperset(_lines(other))]


def _lines(lock: Path) -> list[str]:
    return lock.read_text().splitlines()


def _works(environment: Path) -> bool:
    """Whether the environment's Python is still there: an update of the system may take it away."""
    python = environment / "bin" / "python"
    if not python.exists():
        return False
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def _install(lock: Path, environment: Path) -> int:
    total = sum("==" in line for line in _lines(lock))
    print(f"Installing {total} packages from {lock.name} ...", flush=True)
    begun = time.monotonic()
    installer = [str(environment / "bin" / "python"), "-m", "pip", "install", "--no-input"]
    command = [*installer, "--disable-pip-version-check", "--require-hashes", "-r", str(lock)]
    last_lines: deque[str] = deque(maxlen=30)
    seen = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        for line in pip.stdout or ():
            last_lines.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                seen += 1
                if seen % STEP == 0:
                    print(f"  {seen} of {total}", flush=True)
    if pip.returncode:
        print("".join(last_lines), end="")
        print("The packages could not be installed; the lines above say why.", flush=True)
    else:
        print(f"  done in {time.monotonic() - begun:.0f} s", flush=True)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main(ROOT / sys.argv[1], ROOT / (sys.argv[2:] or [".venv"])[0]))
