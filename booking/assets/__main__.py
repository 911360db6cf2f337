"""`python -m booking.assets [--output FOLDER]`: build what browsers fetch."""

import argparse
import sys
from pathlib import Path

from booking.assets.build import build

ROOT = Path(__file__).resolve().parents[2]


def say(line: str) -> None:
    """Progress, at once even where the output is a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Build into the wanted folder and say so."""
    parser = argparse.ArgumentParser(prog="python -m booking.assets", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "static")
    folder: Path = parser.parse_args().output
    build(ROOT / "static" / "src", folder, say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
