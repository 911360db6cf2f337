"""Pictures that somebody sends, decoded and written anew: nothing of the file itself is kept."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image, ImageOps

from booking.core.errors import InvalidError, Problem

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
QUALITY = 80
PAPER = (255, 255, 255)  # what is behind a transparent picture

# What Pillow's decoders raise for files that are cut, forged or no pictures at all.
UNREADABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error),
    *(ArithmeticError, LookupError, TypeError, MemoryError),
)

# Our own limit is asked before a pixel is decoded; Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None


class Size(StrEnum):
    """The two sizes in which a picture is kept."""

    LARGE = "large"
    SMALL = "small"


LONGEST_SIDE = {Size.LARGE: 1600, Size.SMALL: 480}


@dataclass(frozen=True)
class Rendered:
    """A picture as it is stored: WebP in two sizes, and the measures of the large one."""

    width: int
    height: int
    large: bytes
    small: bytes


def render(data: bytes, field: str = "picture") -> Rendered:
    """The picture in two sizes, upright, without anything but its pixels.

    Raises InvalidError for `field`: TOO_LONG above 5 MiB, OUT_OF_RANGE above 40 million pixels,
    UNREADABLE for what is not a PNG, JPEG or WebP.
    """
    if not data:
        raise InvalidError({field: Problem.MISSING})
    if len(data) > MOST_BYTES:
        raise InvalidError({field: Problem.TOO_LONG})
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InvalidError({field: Problem.OUT_OF_RANGE})
            return _rendered(image)
    except UNREADABLE as error:
        raise InvalidError({field: Problem.UNREADABLE}) from error


def measures(width: int, height: int, size: Size) -> tuple[int, int]:
    """Width and height in one of the sizes; a small picture is never blown up."""
    factor = min(1.0, LONGEST_SIDE[size] / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _rendered(image: Image.Image) -> Rendered:
    longest = LONGEST_SIDE[Size.LARGE]
    image.draft("RGB", (longest, longest))  # a JPEG is decoded at about the size that is kept
    opaque = _opaque(image)
    # Upright comes last: turning the few pixels that are left costs little.
    large = ImageOps.exif_transpose(opaque.resize(measures(*opaque.size, Size.LARGE)))
    small = large.resize(measures(*large.size, Size.SMALL))
    return Rendered(large.width, large.height, _written(large), _written(small))


def _opaque(image: Image.Image) -> Image.Image:
    """The picture on white paper, with what its camera noted about up and down."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGB", layer.size, PAPER)
    paper.paste(layer, mask=layer.getchannel("A"))
    paper.info = image.info
    return paper


def _written(image: Image.Image) -> bytes:
    """Only the pixels: the new picture is given no notes of the old one."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    file = io.BytesIO()
    bare.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
