"""Rules of the house that a linter does not know."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import calls, files, imports, modules, named, text, tree

DATABASE = "booking/core/database.py"
CLOCK = "booking/core/clock.py"
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared", "base"}
READS_THE_TIME = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime|ctime))$"
)
# Written so that these lines do not find themselves.
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b|NotImplemented[E]rror|coming[ ]soon")
SOMEBODYS_MACHINE = re.compile(r"/[w]ork/|/[r]oot/|/[o]pt/|/[h]ome/[a-z]|[s]hared/|[f]ile://")
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\b")

# Module → reason.
MAY_READ_THE_TIME = {
    CLOCK: "it is the clock",
    "booking/core/ids.py": "an id is made of milliseconds, and decides nothing",
}
# Function → reason. An import inside a function means that the code is in the wrong place.
LATE_IMPORTS: dict[str, str] = {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [named(path) for path in modules() if not ast.get_docstring(tree(path))]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [named(path) for path in modules("booking/") if VAGUE & _words_of_the_name(path)]
    assert vague == []


def _words_of_the_name(path: Path) -> set[str]:
    name = path.parent.name if path.name == "__init__.py" else path.stem
    return set(name.strip("_").split("_"))


def test_only_the_database_module_commits() -> None:
    found = _calls_that_end_with((".commit", ".rollback"), but=DATABASE)
    assert found == []


def _calls_that_end_with(ends: tuple[str, ...], *, but: str) -> list[str]:
    return [
        f"{named(path)}:{line} {name}"
        for path in modules("booking/", "wsgi.py", "config.py")
        if named(path) != but
        for line, name in calls(path)
        if name.endswith(ends)
    ]


def test_only_the_clock_reads_the_time() -> None:
    found = [
        f"{named(path)}:{line} {name}"
        for path in modules("booking/")
        if named(path) not in MAY_READ_THE_TIME
        for line, name in calls(path)
        if READS_THE_TIME.search(name)
    ]
    assert found == []


def test_nothing_is_shown_without_being_escaped() -> None:
    places = [path for path in files() if named(path).startswith(("booking/", "templates/"))]
    assert _lines_with(UNESCAPED, places) == []


def test_no_repetition_rule_is_left_to_dateutil() -> None:
    """It reads the system's zone files, and some rules keep it busy without end."""
    found = [
        f"{named(path)}:{line}"
        for path in modules("booking/", "config.py", "wsgi.py")
        for line, name in imports(path)
        if name.split(".")[0] == "dateutil"
    ]
    assert found == []


def test_migrations_never_import_the_program() -> None:
    """An old migration must run with every later version of the program."""
    found = [
        f"{named(path)}:{line}"
        for path in modules("migrations/versions/")
        for line, name in imports(path)
        if name.split(".")[0] in ("booking", "config")
    ]
    assert found == []


def test_imports_stand_at_the_top() -> None:
    found = [
        f"{named(path)}: {function.name}"
        for path in modules()
        for function in ast.walk(tree(path))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert [place for place in found if place not in LATE_IMPORTS] == []


@pytest.mark.parametrize("pattern", [UNFINISHED, SOMEBODYS_MACHINE], ids=["unfinished", "machine"])
def test_the_tree_holds_nothing_unfinished_and_nothing_of_one_machine(
    pattern: re.Pattern[str],
) -> None:
    assert _lines_with(pattern, files()) == []


def _lines_with(pattern: re.Pattern[str], places: tuple[Path, ...] | list[Path]) -> list[str]:
    return [
        f"{named(path)}:{number} {line.strip()[:80]}"
        for path in places
        for number, line in enumerate(text(path).splitlines(), 1)
        if pattern.search(line)
    ]
