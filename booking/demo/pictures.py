"""Pictures of the demo's spaces: a room in a few strokes, drawn here so that no file is needed."""

from __future__ import annotations

import functools
import io

from PIL import Image, ImageDraw

from booking.spaces import pictures
from booking.spaces.pictures import Rendered

WIDTH, HEIGHT = 960, 640
FLOOR = 450  # where the wall ends
SKY, FRAME, LEAF = "#BFD9EE", "#FFFFFF", "#2F9A71"

# Wall, floor and furniture of each kind.
COLOURS = {
    "desk": ("#F1EEE7", "#D9CDB8", "#8B6B4A"),
    "meeting_room": ("#EDEBFD", "#C9C2DD", "#4F41D6"),
    "lab": ("#DFF3E9", "#B9CFC4", "#0B6B49"),
    "training_room": ("#FDF1D6", "#DCC79B", "#7D4E00"),
    "equipment": ("#E7E6EE", "#BDBBCB", "#35324A"),
}


@functools.cache
def picture_of(kind: str) -> Rendered:
    """A space of this kind, written as uploads are."""
    wall, floor, furniture = COLOURS[kind]
    image = Image.new("RGB", (WIDTH, HEIGHT), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, FLOOR, WIDTH, HEIGHT), fill=floor)
    _window(draw)
    _plant(draw, furniture)
    if kind == "equipment":
        _machine(draw, furniture)
    else:
        _table(draw, furniture, chairs={"desk": 1, "meeting_room": 4}.get(kind, 3))
    file = io.BytesIO()
    image.save(file, "PNG")
    return pictures.render(file.getvalue())


def _window(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((90, 70, 390, 300), fill=FRAME)
    for left in (104, 246):
        draw.rectangle((left, 84, left + 130, 286), fill=SKY)


def _table(draw: ImageDraw.ImageDraw, colour: str, chairs: int) -> None:
    left, right = WIDTH // 2 - 90 * chairs, WIDTH // 2 + 90 * chairs
    for number in range(chairs):
        middle = left + 90 + 180 * number
        draw.rounded_rectangle((middle - 44, 300, middle + 44, 430), 18, fill=FRAME)
    draw.rounded_rectangle((left, 400, right, 430), 10, fill=colour)
    for leg in (left + 20, right - 38):
        draw.rectangle((leg, 430, leg + 18, 560), fill=colour)


def _machine(draw: ImageDraw.ImageDraw, colour: str) -> None:
    draw.rounded_rectangle((360, 220, 640, 540), 24, fill=colour)
    draw.rounded_rectangle((400, 260, 600, 400), 12, fill=SKY)
    draw.ellipse((420, 440, 460, 480), fill=LEAF)


def _plant(draw: ImageDraw.ImageDraw, colour: str) -> None:
    for left, top in ((800, 250), (835, 215), (870, 255)):
        draw.ellipse((left, top, left + 60, top + 190), fill=LEAF)
    draw.polygon([(815, 430), (915, 430), (900, 560), (830, 560)], fill=colour)
