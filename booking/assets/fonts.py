"""Cuts the two typefaces down to the characters the pages use, one file per script and weight."""

import importlib.resources
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

LATIN = (
    "U+0000-007E,U+00A0-017F,U+02C6,U+02DA,U+02DC,U+2010-2015,U+2018-201E,U+2020-2022,U+2026,"
    "U+202F,U+2030,U+2032-2033,U+2039-203A,U+20AC,U+2122,U+2190-2193,U+2212"
)
ARABIC = "U+0600-06FF,U+0750-077F,U+FB50-FDFF,U+FE70-FEFC,U+25CC"

# Tabular figures so that columns of times stand still; the rest is what shaping needs.
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "rlig", "tnum", "curs"]
ARABIC_SHAPES = ["init", "medi", "fina", "isol"]

# The name records that show the family; the copyright and licence records stay as they are.
FAMILY_RECORDS = {
    1: "{family}",
    3: "{family} subset",
    4: "{family}",
    6: "{compact}",
    16: "{family}",
}
SHIPPED_RECORDS = {0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17}


@dataclass(frozen=True)
class Face:
    """One font file: where it comes from, what it is called here, which characters it keeps."""

    package: str
    source: str
    logical_name: str
    family: str
    weight: str
    characters: str


# "Plex" is a reserved font name: a changed version, which a subset is, must be called otherwise.
FACES = (
    Face("fontpkg_figtree", "Figtree[wght].ttf", "figtree.woff2", "Figtree", "300 900", LATIN),
    *(
        Face(
            "fontpkg_ibm_plex_sans_arabic",
            f"IBMPlexSansArabic-{style}.ttf",
            f"park-arabic-{weight.split()[0]}.woff2",
            "Park Arabic",
            weight,
            ARABIC,
        )
        for style, weight in (("Regular", "400"), ("Medium", "500"), ("SemiBold", "600 700"))
    ),
)
LICENCES = {
    "figtree-licence.txt": "fontpkg_figtree",
    "park-arabic-licence.txt": "fontpkg_ibm_plex_sans_arabic",
}


def _package(name: str) -> Path:
    return Path(str(importlib.resources.files(name)))


def licence(package: str) -> bytes:
    """The licence that must accompany the font."""
    return (_package(package) / "LICENSE").read_bytes()


def build(face: Face) -> bytes:
    """The face as woff2: fewer characters, renamed, without hints that screens of today ignore."""
    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = FEATURES + ARABIC_SHAPES
    options.name_IDs = sorted(SHIPPED_RECORDS)
    options.recalc_timestamp = False
    options.drop_tables = [*options.drop_tables, "meta"]
    target = BytesIO()
    with subset.load_font(str(_package(face.package) / "files" / face.source), options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=subset.parse_unicodes(face.characters.replace("U+", "")))
        cutter.subset(font)
        _rename(font, face.family)
        subset.save_font(font, target, options)
    return target.getvalue()


def _rename(font: TTFont, family: str) -> None:
    for record in font["name"].names:
        pattern = FAMILY_RECORDS.get(record.nameID)
        if pattern is not None:
            record.string = pattern.format(family=family, compact=family.replace(" ", ""))


def style_sheet(hashed_names: dict[str, str]) -> str:
    """The @font-face rules; `unicode-range` keeps Arabic files away from French pages."""
    return "\n".join(
        f'@font-face{{font-family:"{face.family}";src:url({hashed_names[face.logical_name]})'
        f' format("woff2");font-weight:{face.weight};font-display:swap;'
        f"unicode-range:{face.characters}}}"
        for face in FACES
    )
