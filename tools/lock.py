"""Write the three requirements*.txt from pyproject.toml: names, versions, hashes.

`--upgrade` takes the newest versions that pyproject.toml allows; without it, what is locked stays.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLBOX = ROOT / ".cache" / "lock"
OPTIONS = (
    "--universal",  # one lock for every system and every Python from the oldest on
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-config",
    "--quiet",
)


def main(upgrade: bool) -> int:
    """Lock the run-time first: the development lock must hold the same versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    oldest = project["project"]["requires-python"].removeprefix(">=")
    _prepare(project["dependency-groups"]["lock"])
    common = [*OPTIONS, "--python-version", oldest, *(["--upgrade"] if upgrade else [])]
    _compile([*common, "--output-file", "requirements.txt"])
    _compile(
        [
            *common,
            "--group",
            "dev",
            "--constraints",
            "requirements.txt",
            "--output-file",
            "requirements-dev.txt",
        ]
    )
    _compile_group([*common, "--output-file", "requirements-scan.txt"], "scan")
    print("The requirements*.txt are up to date.")
    return 0


def _prepare(tools: list[str]) -> None:
    if not (TOOLBOX / "bin" / "python").exists():
        venv.create(TOOLBOX, with_pip=True)
    pip = [str(TOOLBOX / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *tools], check=True)


def _compile(arguments: list[str]) -> None:
    _uv(["pyproject.toml", *arguments])


def _compile_group(arguments: list[str], group: str) -> None:
    """A group by itself, without what the program needs."""
    _uv(["--group", f"pyproject.toml:{group}", *arguments])


def _uv(arguments: list[str]) -> None:
    command = [str(TOOLBOX / "bin" / "uv"), "pip", "compile", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(upgrade="--upgrade" in sys.argv[1:]))
