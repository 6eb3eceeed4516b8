"""Burnt-in scale bars of the true length."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field

from particleforge.params import Params

NICE = (1, 2, 5)
LONGEST = 0.3
"""Largest length of a bar, as a share of the image width."""


class ScaleBar(Params):
    """A bar of a round length with its label in a lower corner."""

    place: Literal["none", "left", "right"] = Field("none", description="Corner of the bar; none: no bar.")
    box: bool = Field(False, description="Whether it is drawn in a black box.")

    def write(self, image: npt.NDArray[np.uint8], pixel_size_nm: float) -> npt.NDArray[np.bool_]:
        """Draw into a (Y, X) image and return where it hides the image."""
        hidden = np.zeros(image.shape, bool)
        if self.place == "none":
            return hidden
        stamp = _stamp(image.shape[1], pixel_size_nm)
        height, width = (min(a, b) for a, b in zip(stamp.shape, image.shape, strict=True))
        left = 0 if self.place == "left" else image.shape[1] - width
        where = slice(image.shape[0] - height, None), slice(left, left + width)
        ink = stamp[:height, :width]
        hidden[where] = self.box | (ink > 127)
        image[where] = ink if self.box else np.maximum(image[where], ink)
        return hidden


def length_nm(width_nm: float) -> float:
    """Longest round length of at most `LONGEST` of a width."""
    power = 10.0 ** np.floor(np.log10(LONGEST * width_nm))
    return float(max(n * power for n in NICE if n * power <= LONGEST * width_nm))


def _stamp(width_px: int, pixel_size_nm: float) -> npt.NDArray[np.uint8]:
    """Bar and text, white on black, with a margin."""
    length = length_nm(width_px * pixel_size_nm)
    text = f"{length / 1000:g} µm" if length >= 1000 else f"{length:g} nm"
    size = max(9, width_px // 20)
    font = ImageFont.load_default(size)
    bar, thick, margin = round(length / pixel_size_nm), max(2, width_px // 120), max(3, width_px // 50)
    left, top, right, bottom = (int(n) for n in font.getbbox(text))
    wide = max(bar, right - left)
    image = Image.new("L", (wide + 2 * margin, bottom - top + thick + 3 * margin), 0)
    pen = ImageDraw.Draw(image)
    pen.text((margin + (wide - right + left) / 2 - left, margin - top), text, 255, font)
    start, below = margin + (wide - bar) // 2, image.height - margin
    pen.rectangle((start, below - thick, start + bar - 1, below - 1), 255)
    return np.asarray(image)
