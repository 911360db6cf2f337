"""Pictures for tests, drawn and never read from files."""

from __future__ import annotations

import io
from typing import Literal

from PIL import Image


def picture(
    width: int = 64,
    height: int = 48,
    *,
    form: Literal["PNG", "JPEG", "WEBP", "GIF"] = "PNG",
    mode: str = "RGB",
    orientation: int | None = None,
) -> bytes:
    """A picture of one colour; a JPEG may note how its camera was held, and where."""
    image = Image.new(mode, (width, height))
    notes = image.getexif()
    if orientation is not None:
        notes[0x0112] = orientation
        notes[0x010E] = "secret place"
    file = io.BytesIO()
    image.save(file, form, exif=notes)
    return file.getvalue()
