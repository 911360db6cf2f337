"""Text and lines are told apart from what they stand on, in both themes."""

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[3] / "static" / "src" / "css" / "tokens.css"
PAIR = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);")
TEXT_NEEDS = 4.5
LINES_NEED = 3.0

TEXT_ON_GROUND = [
    *product(["ink"], ["bg", "surface", "sunken", "brand-soft", "other"]),
    *product(["ink2"], ["bg", "surface", "sunken"]),
    *product(["brand-text"], ["brand-soft", "surface", "bg"]),
    *product(["on-brand"], ["brand", "brand-hover"]),
    *((f"{tone}-text", f"{tone}-soft") for tone in ("ok", "warn", "bad")),
    *product(["ok-text", "warn-text", "bad-text"], ["surface"]),
    ("other-text", "other"),
    ("surface", "ink"),
    ("surface", "bad-text"),
]
LINE_ON_GROUND = [
    ("edge", "surface"),
    *product(["brand-line"], ["bg", "surface", "sunken", "brand-soft"]),
    ("ok-line", "surface"),
    ("ok-line", "ok-soft"),
    ("warn-line", "surface"),
    ("warn-line", "warn-soft"),
    ("other-line", "surface"),
    ("bad-text", "surface"),
    ("brand", "surface"),
]


@dataclass(frozen=True)
class Colours:
    """The tokens of one theme."""

    theme: str
    hexadecimal: dict[str, str]

    def contrast(self, one: str, other: str) -> float:
        """The ratio of WCAG 2: from 1 (the same) to 21 (black on white)."""
        lighter, darker = sorted(
            (_luminance(self.hexadecimal[name]) for name in (one, other)), reverse=True
        )
        return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _themes() -> list[Colours]:
    found = PAIR.findall(TOKENS.read_text(encoding="utf-8"))
    return [
        Colours("light", {name: light for name, light, _ in found}),
        Colours("dark", {name: dark for name, _, dark in found}),
    ]


@pytest.mark.parametrize("colours", _themes(), ids=lambda colours: colours.theme)
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_is_readable_on_its_ground(colours: Colours, text: str, ground: str) -> None:
    assert colours.contrast(text, ground) >= TEXT_NEEDS


@pytest.mark.parametrize("colours", _themes(), ids=lambda colours: colours.theme)
@pytest.mark.parametrize(("line", "ground"), LINE_ON_GROUND)
def test_lines_that_carry_meaning_are_seen(colours: Colours, line: str, ground: str) -> None:
    assert colours.contrast(line, ground) >= LINES_NEED
