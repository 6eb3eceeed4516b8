"""Burnt-in labels and scale bars, which are never particles."""

import functools

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

TEXTS = (
    "(a)",
    "(b)",
    "(c)",
    "A",
    "B",
    "C",
    "d)",
    "a1",
    "TEM",
    "SEM",
    "HV 15.0 kV",
    "x50,000",
    "WD 8.2 mm",
    "mag 100 k",
)
BAR_TEXTS = ("10 nm", "20nm", "50 nm", "100 nm", "200 nm", "500 nm", "0.5 um", "1 um", "2um", "5 um")


def write_letters(
    canvas: npt.NDArray[np.float32], count: int, extremes: tuple[float, float], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Write `count` short texts or scale bars onto a canvas, black or white, with or without a box around them.

    Parameters
    ----------
    canvas
        (Y, X) float32; changed in place.
    count
        Number of texts and scale bars.
    extremes
        Darkest and brightest grey value of the source, used for the letters.
    rng
        Chooses texts, sizes and places.

    Returns
    -------
    (Y, X) bool
        Where letters or boxes hide the image.
    """
    hidden = np.zeros(canvas.shape, bool)
    for _ in range(count):
        stamp, box = _stamp(min(canvas.shape), rng)
        height, width = (min(have, room) for have, room in zip(stamp.shape, canvas.shape, strict=True))
        top, left = (_near_border(room - n, rng) for n, room in zip((height, width), canvas.shape, strict=True))
        window = canvas[top : top + height, left : left + width]
        ink, paper = extremes if rng.random() < 0.5 else extremes[::-1]
        if box:
            window[:] = paper
        cover = stamp[:height, :width]
        window += cover * (np.float32(ink) - window)
        hidden[top : top + height, left : left + width] |= True if box else cover > 0.5
    return hidden


def _stamp(side: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.float32], bool]:
    """Coverage (0 to 1) of a text or a scale bar with its text, and whether it is drawn in a box."""
    size = int(max(8, side * rng.uniform(0.03, 0.12)))
    bar = rng.random() < 0.5
    text = str(rng.choice(BAR_TEXTS if bar else TEXTS))
    font = _font(size)
    left, top, right, bottom = font.getbbox(text, stroke_width=size // 20)
    length = int(side * rng.uniform(0.1, 0.35)) if bar else 0
    thickness = max(2, int(side * rng.uniform(0.006, 0.025))) if bar else 0
    margin = size // 4
    shape = (int(max(right - left, length)) + 2 * margin, int(bottom - top) + thickness + 3 * margin)
    image = Image.new("L", shape, 0)
    pen = ImageDraw.Draw(image)
    pen.text((margin - left, margin - top), text, 255, font, stroke_width=size // 20)
    if bar:
        pen.rectangle((margin, shape[1] - margin - thickness, margin + length, shape[1] - margin), 255)
    return np.asarray(image, np.float32) / np.float32(255), bool(rng.random() < 0.25)


@functools.lru_cache(64)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's built-in font; loading it takes longer than writing with it."""
    return ImageFont.load_default(size)


def _near_border(room: int, rng: np.random.Generator) -> int:
    """Position in [0, room], mostly near one of the ends, where labels usually are."""
    share = rng.beta(0.4, 0.4)
    return round(share * max(room, 0))
