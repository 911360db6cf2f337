"""The list of built files: which hashed name stands for which logical name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE_NAME = "manifest.json"


class AssetsNotBuiltError(RuntimeError):
    """There is no manifest yet: the asset build has not run."""


@dataclass(frozen=True)
class Manifest:
    """Logical names, and the names with a content hash under which the files are served."""

    fingerprint: str
    files: Mapping[str, str]
    url_prefix: str = field(default="/static/", kw_only=True)

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read the manifest of a folder that the build has filled."""
        path = folder / FILE_NAME
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as missing:
            message = f"{path} is missing: run `python -m booking.assets` first"
            raise AssetsNotBuiltError(message) from missing
        return cls(
            str(content["fingerprint"]), {str(k): str(v) for k, v in content["files"].items()}
        )

    def save(self, folder: Path) -> None:
        """Replace the manifest in one step, so that a reader never sees half of one."""
        content = {"fingerprint": self.fingerprint, "files": dict(sorted(self.files.items()))}
        draft = folder / f"{FILE_NAME}.new"
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / FILE_NAME)

    def asset_url(self, logical_name: str) -> str:
        """Where browsers find the file; an unknown name, a template mistake, raises KeyError."""
        return self.url_prefix + self.files[logical_name]
