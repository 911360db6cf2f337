"""Binds the style sheets into one file and generates the position classes of the day grid."""

import re
from pathlib import Path

# Later files may refine earlier ones; print and forced colours have the last word.
ORDER = (
    "tokens",
    "base",
    "icons",
    "layout",
    "buttons",
    "navigation",
    "states",
    "cards",
    "notes",
    "forms",
    "people",
    "places",
    "finding",
    "approvals",
    "grid",
    "reports",
    "forced-colors",
    "print",
)
QUARTERS_A_DAY = 100  # of the longest: an autumn day has 25 hours
FIVE_MINUTE_STEPS_A_DAY = 300

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ICON = re.compile(r'icon\("([a-z0-9-]+)"\)')
_FILE = re.compile(r'url\("([\w.-]+\.(?:svg|woff2))"\)')
_SPACE = re.compile(r"\s+")


def bundle(
    folder: Path, generated: list[str], addresses: dict[str, str], hashed_names: dict[str, str]
) -> str:
    """All sheets in order, `icon("x")` and file names replaced by what the browser fetches."""
    unknown = {path.stem for path in folder.glob("*.css")} - set(ORDER)
    if unknown:
        raise ValueError(f"style sheets without a place in the order: {sorted(unknown)}")
    own = "\n".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in ORDER)
    own = _ICON.sub(lambda found: f'url("{addresses[found[1]]}")', compact(own))
    own = _FILE.sub(lambda found: f'url("{hashed_names[found[1]]}")', own)
    return "\n".join([*generated, own]) + "\n"


def compact(sheet: str) -> str:
    """Drop comments and the white space around punctuation that CSS never needs."""
    sheet = _SPACE.sub(" ", _COMMENT.sub("", sheet))
    sheet = re.sub(r" ?([{};,]) ?", r"\1", sheet)
    return sheet.replace(";}", "}").replace("}", "}\n").strip()


def slots() -> str:
    """Start and width of a block (`.s8`, `.w6`), length of the day (`.n48`), now (`.now34`)."""
    starts = (f".s{n}{{--s:{n}}}" for n in range(QUARTERS_A_DAY + 1))
    widths = (f".w{n}{{--w:{n}}}" for n in range(1, QUARTERS_A_DAY + 1))
    lengths = (f".n{n}{{--n:{n}}}" for n in range(4, QUARTERS_A_DAY + 1, 4))
    nows = (f".now{n}{{--now:{n}}}" for n in range(FIVE_MINUTE_STEPS_A_DAY + 1))
    return "".join((*starts, *widths, *lengths, *nows))
