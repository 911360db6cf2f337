"""Gives every script module its hashed name and points the imports of the others at it."""

import re
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path

_IMPORT = re.compile(r"""(\bfrom\s+|\bimport\s+)(["'])\./([\w-]+\.js)\2""")


def in_order(folder: Path) -> list[str]:
    """File names, imported ones first; a circle of imports raises graphlib.CycleError."""
    graph = {
        path.name: {found[3] for found in _IMPORT.finditer(path.read_text(encoding="utf-8"))}
        for path in sorted(folder.glob("*.js"))
    }
    return list(TopologicalSorter(graph).static_order())


def build(folder: Path, write: Callable[[str, bytes], str]) -> None:
    """Write every module of the folder; `write` returns the name a module got."""
    names: dict[str, str] = {}
    for file_name in in_order(folder):
        source = (folder / file_name).read_text(encoding="utf-8")
        linked = _IMPORT.sub(lambda found: f'{found[1]}"./{names[found[3]]}"', source)
        names[file_name] = write(file_name, linked.encode("utf-8"))
