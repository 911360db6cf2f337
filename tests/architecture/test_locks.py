"""The locks: what is installed is exactly what was tested, from wherever it is fetched."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-scan.txt")
PACKAGE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    """No address of a registry, no folder: each would tie the installation to one place."""
    lines = (ROOT / lock).read_text().splitlines()
    assert [
        line for line in lines if not PACKAGE.fullmatch(line) and not HASH.fullmatch(line)
    ] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_a_hash(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    following = zip(lines, [*lines[1:], ""], strict=True)
    assert [a for a, b in following if PACKAGE.fullmatch(a) and not HASH.fullmatch(b)] == []


def test_tests_run_with_the_versions_of_the_run_time() -> None:
    running, testing = (_versions(lock) for lock in LOCKS[:2])
    assert {name: testing.get(name) for name in running} == running


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_answers_the_human_list(lock: str) -> None:
    """Otherwise `make lock` was forgotten after a change of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = (
        groups["scan"] if lock == "requirements-scan.txt" else project["project"]["dependencies"]
    )
    if lock == "requirements-dev.txt":
        wanted = wanted + groups["dev"]
    versions = _versions(lock)
    assert [text for text in wanted if not _is_answered(Requirement(text), versions)] == []


def _is_answered(wanted: Requirement, versions: Mapping[str, str]) -> bool:
    version = versions.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version)


def _versions(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {found["name"]: found["version"] for found in map(PACKAGE.match, lines) if found}
