"""Text as people look for it: without case, accents and the spellings of Arabic that mean the same.

The same folding exists as a function of Python and as an expression of either database, so that
what was typed and what is stored are folded alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, or_

_ACCENTED = range(0x00C0, 0x0180)
_ARABIC = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه",
    **{chr(0x0660 + digit): str(digit) for digit in range(10)},
}  # fmt: skip
_LEFT_OUT = "".join(map(chr, [*range(0x064B, 0x0653), 0x0640, 0x0670]))  # vowel signs, the stretch


def _without_accents() -> Iterator[tuple[str, str]]:
    for letter in map(chr, _ACCENTED):
        bare = unicodedata.normalize("NFD", letter)[0].lower()
        if bare.isascii():
            yield letter, bare


_LATIN = dict(_without_accents())
_TABLE: dict[int, str | None] = {
    **{ord(letter): bare for letter, bare in {**_LATIN, **_ARABIC}.items()},
    **dict.fromkeys(map(ord, _LEFT_OUT)),
}


def folded(text: str) -> str:
    """The text as it is compared."""
    return text.lower() if text.isascii() else text.translate(_TABLE).lower()


def words_of(text: str) -> list[str]:
    """The words to look for, folded; what cannot be shown parts words like a space."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return folded(unicodedata.normalize("NFC", plain)).split()


def holds_all(
    texts: Sequence[SQLColumnExpression[str]], words: Sequence[str], engine: str
) -> ColumnElement[bool]:
    """Whether each of these folded words stands in one of the stored texts, wherever in it."""
    columns = [folded_column(text, engine) for text in texts]
    return and_(
        *(or_(*(column.contains(word, autoescape=True) for column in columns)) for word in words)
    )


def folded_column(text: SQLColumnExpression[str], engine: str) -> ColumnElement[str]:
    """A stored text, folded by the database: SQLite calls `folded` for each row."""
    if engine == "sqlite":
        return func.folded(text)
    # Translating costs for each letter and each entry of the table, so it is left to the few texts
    # that need it. Most are plain: as long in octets as in letters.
    is_plain = func.octet_length(text) == func.char_length(text)
    arabic = _translated(text, _ARABIC, _LEFT_OUT, "[\u0600-\u06ff]")
    both = _translated(arabic, _LATIN, "", "[\u00c0-\u017f]")
    return func.lower(case((is_plain, text), else_=both))


def register(connection: Any) -> None:  # Any: the connection of whichever driver it is
    """Teach a connection of SQLite the function `folded`."""
    connection.create_function("folded", 1, folded, deterministic=True)


def _translated(
    text: SQLColumnExpression[str], table: Mapping[str, str], left_out: str, needed_by: str
) -> ColumnElement[str]:
    """PostgreSQL leaves out the letters for which there is none to stand instead."""
    translated = func.translate(text, "".join(table) + left_out, "".join(table.values()))
    return case((text.op("~")(needed_by), translated), else_=text)
