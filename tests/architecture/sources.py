"""The files of the project, read and parsed once for the tests of how it is built."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Folders with files that are made, fetched or private.
NOT_OURS = {"build", "instance", "node_modules", "__pycache__"}
TEXT = {
    *(".py", ".toml", ".txt", ".cfg", ".md", ".html", ".css", ".js", ".mjs", ".svg", ".po"),
    *(".yml", ".yaml", ".json", ".ini", ".mako", ".sh"),
}


@cache
def files() -> tuple[Path, ...]:
    """Every text file of the project."""
    return tuple(sorted(_walk(ROOT)))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            is_hidden = entry.name.startswith(".") and entry.name != ".ci"
            if entry.name not in NOT_OURS and not is_hidden:
                yield from _walk(entry)
        elif entry.suffix in TEXT or (not entry.suffix and b"\0" not in entry.read_bytes()):
            yield entry


def named(path: Path) -> str:
    """The path as the tests write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """What stands in the file."""
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(text(path), filename=str(path))


def modules(*folders: str) -> list[Path]:
    """The Python files in these folders, or all of them."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and (not folders or named(path).startswith(folders))
    ]


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Every call in the module as line and dotted name: (12, "datetime.now")."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module, and every name imported from one: (3, "flask"), (3, "flask.Flask")."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
