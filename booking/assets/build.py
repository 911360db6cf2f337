"""Builds fonts, icons, style sheet and scripts into a folder, or finds that nothing changed."""

import hashlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path

from booking.assets import fonts, icons, scripts, styles
from booking.assets.manifest import AssetsNotBuiltError, Manifest
from booking.assets.output import Output

PACKAGES = (
    "fontpkg-figtree",
    "fontpkg-ibm-plex-sans-arabic",
    "lucide",
    "fonttools",
    "brotli",
)
PICTURES = ("logo.svg",)

Say = Callable[[str], None]


def fingerprint(source: Path) -> str:
    """Changes when a source, the builder itself or a package it draws from changes."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *_files_in(source)):
        digest.update(path.name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def build(source: Path, folder: Path, say: Say) -> Manifest:
    """Fill the folder and return its manifest; does nothing where it already fits the sources."""
    mark = fingerprint(source)
    present = _present(folder, mark)
    if present is not None:
        say("assets: unchanged")
        return present
    folder.mkdir(parents=True, exist_ok=True)
    output = Output(folder)
    _build_fonts(output, say)
    _build_pictures(source, output)
    _build_style_sheet(source, output)
    say("assets: style sheet and icons")
    scripts.build(source / "js", output.write)
    say("assets: scripts")
    manifest = Manifest(mark, output.files)
    manifest.save(folder)
    output.remove_strangers()
    return manifest


def _present(folder: Path, mark: str) -> Manifest | None:
    try:
        manifest = Manifest.load(folder)
    except (AssetsNotBuiltError, ValueError, KeyError):
        return None
    complete = all((folder / name).exists() for name in manifest.files.values())
    return manifest if complete and manifest.fingerprint == mark else None


def _build_fonts(output: Output, say: Say) -> None:
    for face in fonts.FACES:
        output.write(face.logical_name, fonts.build(face))
        say(f"assets: font {face.logical_name}")
    for logical_name, package in fonts.LICENCES.items():
        output.write(logical_name, fonts.licence(package))


def _build_pictures(source: Path, output: Output) -> None:
    for name in PICTURES:
        output.write(name, (source / name).read_bytes())


def _build_style_sheet(source: Path, output: Output) -> None:
    listed = icons.listed(source / "icons.txt")
    addresses = icons.data_addresses(listed)
    generated = [fonts.style_sheet(output.files), styles.slots()]
    sheet = styles.bundle(source / "css", generated, addresses, output.files)
    sheet += icons.style_sheet(listed, addresses) + "\n"
    output.write("app.css", sheet.encode("utf-8"))
