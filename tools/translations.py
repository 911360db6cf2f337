"""The catalogs of translated texts: `python tools/translations.py extract | compile | check`.

`extract` brings new texts into the catalogs and takes out those that are gone, `compile` writes
what the program reads, `check` names every text that is not completely translated.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("fr", "ar")  # the sources are in English
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "lazy_ngettext": (1, 2)}
SOURCES = ("booking", "templates")
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")
_Forms = str | None | Sequence[str | None]
COUNT = "num"  # «one desk» may leave the number out


def main(command: str) -> int:
    """Do what was asked; 1 when a check finds something."""
    if command == "extract":
        return _extract()
    if command == "compile":
        return _compile()
    if command == "check":
        return _check()
    print(__doc__)
    return 2


def _extract() -> int:
    wanted = _texts_of_the_sources()
    for language in LANGUAGES:
        catalog = _read(language)
        catalog.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        path = _path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=100, include_lineno=False, sort_output=True)
        missing = sum(1 for _ in _problems(catalog, wanted))
        print(f"{path.relative_to(ROOT)}: {len(catalog)} texts, {missing} to do")
    return 0


def _compile() -> int:
    for language in LANGUAGES:
        source, target = _path(language), _path(language).with_suffix(".mo")
        if not source.exists() or _is_newer(target, source):
            continue
        with target.open("wb") as file:
            write_mo(file, _read(language))
        print(f"Translations: {language}")
    return 0


def _check() -> int:
    wanted = _texts_of_the_sources()
    found = 0
    for language in LANGUAGES:
        for problem in _problems(_read(language), wanted):
            print(f"{_path(language).relative_to(ROOT)}: {problem}")
            found += 1
    print(f"{found} translations to do" if found else f"{len(wanted)} texts are translated")
    return 1 if found else 0


def _problems(catalog: Catalog, wanted: Catalog) -> Iterator[str]:
    """What keeps the catalog from being a complete translation of the sources."""
    for text in wanted:
        if text.id and catalog.get(text.id, text.context) is None:
            yield f"missing: {_show(text)} (make translations)"
    for text in catalog:
        if not text.id:
            continue
        if wanted.get(text.id, text.context) is None:
            yield f"in no source any more: {_show(text)} (make translations)"
        elif text.fuzzy:
            yield f"fuzzy: {_show(text)}"
        else:
            yield from _problems_of(text, catalog.num_plurals)


def _problems_of(text: Message, plurals: int) -> Iterator[str]:
    forms = [form or "" for form in _as_forms(text.string)]
    expected = plurals if text.pluralizable else 1
    if len(forms) != expected or not all(forms):
        yield f"{expected} forms needed, {sum(map(bool, forms))} there: {_show(text)}"
        return
    may = {name for source in _as_forms(text.id) for name in PLACEHOLDER.findall(source or "")}
    must = may - {COUNT} if text.pluralizable else may
    for form in forms:
        used = set(PLACEHOLDER.findall(form))
        if not must <= used <= may:
            yield f"placeholders {sorted(used)} instead of {sorted(may)}: {form!r}"
        elif may and not _can_be_filled(form, may):
            yield f"a stray %: {form!r}"


def _can_be_filled(form: str, names: set[str]) -> bool:
    try:
        return bool(form % dict.fromkeys(names, 1))
    except (TypeError, ValueError):
        return False


def _texts_of_the_sources() -> Catalog:
    with (ROOT / "babel.cfg").open() as file:
        method_map, options_map = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel's
    catalog = Catalog(project="booking")
    for folder in SOURCES:
        for path, line, text, comments, context in extract_from_dir(
            ROOT / folder,
            method_map,
            options_map,
            KEYWORDS,
            ("Translators:",),
            directory_filter=_holds_sources,
        ):
            place = (f"{folder}/{path}", line)
            catalog.add(text, None, [place], auto_comments=comments, context=context)
    return catalog


def _holds_sources(folder: str | os.PathLike[str]) -> bool:
    """Every folder of ours: Babel's own filter leaves out those named with a leading underscore."""
    return Path(folder).name != "__pycache__"


def _read(language: str) -> Catalog:
    path = _path(language)
    if not path.exists():
        return Catalog(
            locale=language,
            header_comment="# The texts of the booking system. The English text is the key.",
            project="booking",
            version="1",
            last_translator="the contributors",
            language_team="the contributors",
            fuzzy=False,
        )
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _path(language: str) -> Path:
    return ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"


def _is_newer(target: Path, source: Path) -> bool:
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime


def _show(text: Message) -> str:
    return repr(_as_forms(text.id)[0])


def _as_forms(text: _Forms) -> Sequence[str | None]:
    """The singular and plural forms; one form where the text has no plural."""
    return [text] if text is None or isinstance(text, str) else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
