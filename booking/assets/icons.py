"""Turns the listed Lucide icons into CSS masks that take the colour of the text around them."""

import importlib.resources
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_INNER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_HEAD = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='#000'"
    " stroke-width='2' stroke-linecap='round' stroke-linejoin='round'>"
)
# The characters a data: address inside double quotes may not carry as they are.
_ESCAPES = {"%": "%25", "<": "%3C", ">": "%3E", "#": "%23", '"': "'"}


@dataclass(frozen=True)
class Icon:
    """A listed icon; a mirrored one points the other way where text runs right to left."""

    name: str
    is_mirrored: bool


def listed(path: Path) -> tuple[Icon, ...]:
    """The icons of the list: one name a line, `mirrored` after those that follow the direction."""
    lines = (line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(Icon(words[0], "mirrored" in words[1:]) for words in lines if words)


def data_addresses(icons: Iterable[Icon]) -> dict[str, str]:
    """A `data:` address for each icon; an icon that the package does not have raises KeyError."""
    archive = importlib.resources.files("lucide") / "lucide.zip"
    with archive.open("rb") as stream, zipfile.ZipFile(stream) as package:
        return {icon.name: _data_address(package.read(f"{icon.name}.svg")) for icon in icons}


def _data_address(source: bytes) -> str:
    found = _INNER.search(source.decode("utf-8"))
    if found is None:
        raise ValueError("an icon of the package is not an SVG file")
    shapes = re.sub(r"\s+", " ", found[1]).replace("> <", "><").replace(" />", "/>").strip()
    drawing = f"{_HEAD}{shapes}</svg>"
    return "data:image/svg+xml," + "".join(_ESCAPES.get(letter, letter) for letter in drawing)


def style_sheet(icons: Iterable[Icon], addresses: dict[str, str]) -> str:
    """`.icon-user{…}` for each icon."""
    rules = [f'.icon-{icon.name}{{--icon:url("{addresses[icon.name]}")}}' for icon in icons]
    mirrored = ",".join(f".icon-{icon.name}" for icon in icons if icon.is_mirrored)
    return "\n".join([*rules, f"[dir=rtl] :is({mirrored}){{transform:scaleX(-1)}}"])
