"""The asset build gives the same files every time, and only when something changed."""

import gzip
import re
import shutil
from io import BytesIO
from pathlib import Path

import brotli
import pytest
from fontTools.ttLib import TTFont

from booking.assets import Manifest, fonts, scripts, styles
from booking.assets.build import build
from booking.assets.manifest import AssetsNotBuiltError
from booking.assets.output import hashed_name

SOURCE = Path(__file__).parents[3] / "static" / "src"


def _nothing(line: str) -> None:
    """Progress is for people."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    build(SOURCE, folder, _nothing)
    return folder


def test_two_builds_are_equal_to_the_octet(built: Path, tmp_path: Path) -> None:
    build(SOURCE, tmp_path, _nothing)
    names = sorted(path.name for path in built.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert all((built / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_an_unchanged_source_is_not_built_again(built: Path) -> None:
    lines: list[str] = []
    before = {path: path.stat().st_mtime_ns for path in built.iterdir()}
    build(SOURCE, built, lines.append)
    assert lines == ["assets: unchanged"]
    assert before == {path: path.stat().st_mtime_ns for path in built.iterdir()}


def test_a_changed_script_gets_new_names_up_to_the_module_that_imports_it(tmp_path: Path) -> None:
    source, folder = tmp_path / "src", tmp_path / "out"
    shutil.copytree(SOURCE, source)
    before = build(source, folder, _nothing)
    script = source / "js" / "copy.js"
    script.write_text(script.read_text(encoding="utf-8") + "\n// changed\n", encoding="utf-8")
    after = build(source, folder, _nothing)
    changed = {name for name in after.files if after.files[name] != before.files[name]}
    assert changed == {"copy.js", "app.js"}
    assert not (folder / before.files["copy.js"]).exists()


def test_names_carry_the_hash_of_their_content(built: Path) -> None:
    for logical, name in Manifest.load(built).files.items():
        assert name == hashed_name(logical, (built / name).read_bytes())


def test_compressed_neighbours_hold_the_same_content(built: Path) -> None:
    for name in Manifest.load(built).files.values():
        content = (built / name).read_bytes()
        if not name.endswith(".woff2"):
            assert gzip.decompress((built / f"{name}.gz").read_bytes()) == content
            assert brotli.decompress((built / f"{name}.br").read_bytes()) == content


def test_everything_a_built_file_names_is_there(built: Path) -> None:
    manifest = Manifest.load(built)
    sheet = (built / manifest.files["app.css"]).read_text(encoding="utf-8")
    named = set(re.findall(r"url\(\"?([\w.-]+\.(?:woff2|svg))", sheet))
    for script in scripts.in_order(SOURCE / "js"):
        text = (built / manifest.files[script]).read_text(encoding="utf-8")
        named |= set(re.findall(r"from \"\./([^\"]+)\"", text))
    assert named
    assert named <= set(manifest.files.values())
    assert 'icon("' not in sheet


def test_every_position_of_a_day_has_its_class() -> None:
    sheet = styles.slots()
    expected = (".s0{--s:0}", ".s96{--s:96}", ".w1{", ".w96{", ".n48{", ".now288{")
    assert all(rule in sheet for rule in expected)


def test_a_changed_font_does_not_use_the_reserved_name(built: Path) -> None:
    manifest = Manifest.load(built)
    for face in fonts.FACES:
        content = BytesIO((built / manifest.files[face.logical_name]).read_bytes())
        with TTFont(content) as font:
            shown = [str(font["name"].getDebugName(number)) for number in (1, 4, 6)]
            copyright_line = str(font["name"].getDebugName(0))
        assert not any("Plex" in name for name in shown)
        assert "Copyright" in copyright_line
    assert set(fonts.LICENCES) <= set(manifest.files)


def test_without_a_build_the_manifest_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetsNotBuiltError, match=r"python -m booking\.assets"):
        Manifest.load(tmp_path)
