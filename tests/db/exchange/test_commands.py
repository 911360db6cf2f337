"""The commands do what the pages do, and end with an error where nothing was done."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from booking.spaces import inventory
from tests import make


def test_a_file_goes_in_and_comes_out_by_command(app: Flask, tmp_path: Path) -> None:
    make.site()
    make.operator()
    file = tmp_path / "buildings.csv"
    file.write_text("code,name_fr\nA,Tour A\n", encoding="utf-8")
    run = app.test_cli_runner().invoke
    tried = run(args=["import", "buildings", str(file), "--dry-run"])
    assert (tried.exit_code, inventory.buildings()) == (0, [])
    assert "1 new, 0 changed, 0 unchanged, 0 error" in tried.output
    assert "Imported." in run(args=["import", "buildings", str(file)]).output
    assert "A,Tour A" in run(args=["export", "buildings"]).output
    assert "building_added" in run(args=["export", "journal"]).output
    file.write_text("code,name_fr\nB,\n", encoding="utf-8")
    wrong = run(args=["import", "buildings", str(file)])
    assert (wrong.exit_code, "name_fr: Please fill this in." in wrong.output) == (1, True)
    file.write_bytes(b"code;colour\n")
    assert (
        "These columns are unknown: colour." in run(args=["import", "buildings", str(file)]).output
    )


def test_a_park_without_an_operator_says_so(app: Flask) -> None:
    found = app.test_cli_runner().invoke(args=["export", "persons"])
    assert (found.exit_code, "There is no such operator." in found.output) == (1, True)
