"""Pictures are written anew: upright, small enough, without anything but their pixels."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import pytest
from PIL import Image

from booking.core.errors import InvalidError, Problem
from booking.spaces import pictures
from tests.drawing import picture

GOOD = picture()


def _png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is of this size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "1", "CMYK"])
def test_pictures_of_every_kind_become_webp(form: str, mode: str) -> None:
    if (form, mode) in {("JPEG", "RGBA"), ("JPEG", "P"), ("JPEG", "LA"), ("PNG", "CMYK")}:
        return  # there is no such file
    made = pictures.render(picture(form=form, mode=mode))  # type: ignore[arg-type]  # one of three
    for data in (made.large, made.small):
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size) == ("WEBP", (64, 48))


def test_a_large_picture_is_kept_in_two_sizes() -> None:
    made = pictures.render(picture(4000, 3000, form="JPEG"))
    assert (made.width, made.height) == (1600, 1200)
    with Image.open(io.BytesIO(made.small)) as image:
        assert image.size == (480, 360) == pictures.measures(1600, 1200, pictures.Size.SMALL)


def test_a_picture_is_turned_upright_and_its_notes_are_gone() -> None:
    sent = picture(64, 48, form="JPEG", orientation=6)
    assert b"secret place" in sent
    made = pictures.render(sent)
    assert (made.width, made.height) == (48, 64)
    for data in (made.large, made.small):
        assert b"secret place" not in data
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif()
            assert "icc_profile" not in image.info


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", Problem.MISSING),
        (b"\0" * (pictures.MOST_BYTES + 1), Problem.TOO_LONG),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Problem.UNREADABLE),
        (b"<script>alert(1)</script>", Problem.UNREADABLE),
        (GOOD[:60], Problem.UNREADABLE),
        (GOOD[:16] + b"\xff" * 40, Problem.UNREADABLE),
        (picture(form="GIF"), Problem.UNREADABLE),
        (_png(60_000, 60_000), Problem.OUT_OF_RANGE),
        (_png(2**31 - 1, 2**31 - 1), Problem.OUT_OF_RANGE),
        (_png(0, 5), Problem.UNREADABLE),
        (_png(400, 400), Problem.UNREADABLE),
        (b"RIFF\x10\0\0\0WEBPVP8X\n\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff", Problem.UNREADABLE),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 50, Problem.UNREADABLE),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(data: bytes, problem: Problem) -> None:
    with pytest.raises(InvalidError) as refused:
        pictures.render(data)
    assert refused.value.fields == {"picture": problem}


def test_every_cut_of_a_good_picture_is_read_or_refused() -> None:
    for form in ("PNG", "JPEG", "WEBP"):
        whole = picture(form=form)
        for end in range(0, len(whole), 7):
            with contextlib.suppress(InvalidError):
                pictures.render(whole[:end])
