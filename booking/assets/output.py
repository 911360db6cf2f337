"""Writes built files: content hash in the name, compressed neighbours, nothing left from before."""

import gzip
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import brotli

from booking.assets.manifest import FILE_NAME

ALREADY_COMPRESSED = {".woff2", ".png"}


def hashed_name(logical_name: str, content: bytes) -> str:
    """`app.css` becomes `app.<hash>.css`."""
    name = Path(logical_name)
    digest = hashlib.sha256(content).hexdigest()[:12]
    return f"{name.stem}.{digest}{name.suffix}"


@dataclass
class Output:
    """A folder being filled; remembers what it wrote."""

    folder: Path
    files: dict[str, str] = field(default_factory=dict)

    def write(self, logical_name: str, content: bytes) -> str:
        """Store the content with its compressed neighbours and return its hashed name."""
        name = hashed_name(logical_name, content)
        self.files[logical_name] = name
        path = self.folder / name
        if not path.exists():
            _write_with_neighbours(path, content)
        return name

    def remove_strangers(self) -> None:
        """Delete what an earlier build left and this one did not write."""
        kept = {FILE_NAME}
        for name in self.files.values():
            kept |= {name, f"{name}.gz", f"{name}.br"}
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in kept:
                path.unlink()


def _write_with_neighbours(path: Path, content: bytes) -> None:
    if path.suffix not in ALREADY_COMPRESSED:
        # A fixed time keeps two builds of the same source equal to the octet.
        _replace(path.with_name(f"{path.name}.gz"), gzip.compress(content, 9, mtime=0))
        _replace(path.with_name(f"{path.name}.br"), brotli.compress(content, quality=11))
    _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)
