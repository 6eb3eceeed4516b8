"""Pixels with their size: the one place where pixels and nanometres meet."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BeforeValidator, Field

from particleforge.errors import UserError
from particleforge.params import Params

LUMINANCE_WEIGHTS = (0.2125, 0.7154, 0.0721)
"""Rec. 709 luminance of red, green and blue; alpha is ignored."""
MOST_CHANNELS = 4
LONGEST_NM = 1e8
"""Longer than anything in a micrograph."""
METRIC = re.compile(r"\w*meter|angstrom|micron|inch")
"""Units by their name in pint, which also knows furlongs, light years and typographic pixels."""
USUAL_NM = {"nm": 1.0, "um": 1e3, "µm": 1e3, "mm": 1e6}
"""Units for which pint, which takes half a second to import, is not needed."""
HINT = "Write a number and a unit, such as '0.5 nm' or '1.2 um'."


class Scaled(Protocol):
    """What is known of an image before its pixels are read."""

    @property
    def name(self) -> str:
        """Its name in tables."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        ...

    @property
    def square_pixel_size_nm(self) -> float | None:
        """Side of the square pixels in nm, or None if unknown."""
        ...


@dataclass(frozen=True, eq=False)
class Micrograph:
    """An image as it was acquired.

    Parameters
    ----------
    pixels
        (Y, X), (Y, X, C), (T, Y, X) or (Z, Y, X) as named by `axes`.
    pixel_size_nm
        Size of a pixel along (Y, X) in nm, or None if it is not known.
    axes
        One letter per axis of `pixels`: Y, X, C (colour), T, Z.
    name
        Its name in tables; the stem of the file name.
    remarks
        Sentences on how its pixels were read that a person should know.
    size_remarks
        The same on its pixel size; they go when another pixel size is given.
    """

    pixels: npt.NDArray[Any]
    pixel_size_nm: tuple[float, float] | None = None
    axes: str = "YX"
    name: str = ""
    remarks: tuple[str, ...] = ()
    size_remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.ndim != len(self.axes):
            raise ValueError(f"axes {self.axes!r} do not fit the shape {self.pixels.shape}")
        if self.pixel_size_nm is not None and not all(math.isfinite(s) and s > 0 for s in self.pixel_size_nm):
            raise UserError(
                f"{self.name}: the pixel size is {self.pixel_size_nm} nm; it must be above 0.",
                "Give the correct one, for example --pixel-size '0.5 nm'.",
            )

    @classmethod
    def of(cls, image: npt.ArrayLike | Micrograph, pixel_size: str | None = None) -> Micrograph:
        """Return a 2D array or a micrograph as a micrograph.

        Parameters
        ----------
        image
            (Y, X) grey values, or a micrograph.
        pixel_size
            Side of a pixel with its unit, for example ``"0.5 nm"``; None: that of the micrograph, unknown for an array.

        Raises
        ------
        UserError
            If an array is not 2D, or `pixel_size` is not a length.
        """
        if not isinstance(image, Micrograph):
            pixels = np.asarray(image)
            if pixels.ndim != 2:
                raise UserError(
                    f"The array has shape {pixels.shape}; one 2D image is needed.",
                    "Give a slice of it, or Micrograph(array, axes='YXC') for a colour image.",
                )
            image = cls(pixels)
        return image if pixel_size is None else image.with_pixel_size(parse_length_nm(pixel_size))

    @cached_property
    def grey(self) -> npt.NDArray[np.float32]:
        """(Y, X) float32 grey values; colour is converted to Rec. 709 luminance, alpha is ignored.

        Raises
        ------
        UserError
            For stacks, empty images, more than four channels, and pixels that are not finite.
        """
        grey = self.grey_or_nan
        if not np.isfinite(grey).all():
            raise UserError(
                f"{self.name}: {int((~np.isfinite(grey)).sum())} of {grey.size} pixels are NaN or infinite.",
                "Replace them with numbers first.",
            )
        return grey

    @cached_property
    def grey_or_nan(self) -> npt.NDArray[np.float32]:
        """Like `grey`, but pixels that are not finite are left as they are."""
        if set(self.axes) - set("YXC"):
            raise UserError(
                f"{self.name}: shape {self.pixels.shape}, axes {self.axes}, is a stack; a 2D image is needed here.",
                "Choose one of its images, for example --page 1.",
            )
        if 0 in self.pixels.shape:
            raise UserError(f"{self.name}: the image is empty, its shape is {self.pixels.shape}.")
        grey = self.pixels.astype(np.float32)
        if "C" in self.axes:
            channels = grey.shape[self.axes.index("C")]
            if channels > MOST_CHANNELS:
                raise UserError(
                    f"{self.name}: the image has {channels} channels; {MOST_CHANNELS} at most are red, green, blue and "
                    "alpha.",
                    "Choose one of them, for example --channel 1.",
                )
            grey = np.moveaxis(grey, self.axes.index("C"), -1)
            grey = grey[..., :3] @ np.asarray(LUMINANCE_WEIGHTS, np.float32) if channels >= 3 else grey[..., 0]
        return grey

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[self.axes.index("Y")], self.pixels.shape[self.axes.index("X")]

    def with_pixel_size(self, size_nm: tuple[float, float] | float | None) -> Self:
        """Return the same image with another pixel size; one number means square pixels."""
        pair = (float(size_nm), float(size_nm)) if isinstance(size_nm, (int, float)) else size_nm
        return replace(self, pixel_size_nm=pair, size_remarks=())

    @property
    def all_remarks(self) -> tuple[str, ...]:
        """What a person should know of the image: its remarks, and how its colours become grey values."""
        return (*self.remarks, *self.size_remarks, *self._on_channels())

    def _on_channels(self) -> tuple[str, ...]:
        if "C" not in self.axes:
            return ()
        channels = np.moveaxis(np.asarray(self.pixels), self.axes.index("C"), 0)
        alpha = channels[-1] if len(channels) in (2, 4) else None
        found = []
        if len(channels) >= 3 and not (channels[0] == channels[1:3]).all():
            found.append("Colour image: its luminance (Rec. 709) is used.")
        if alpha is not None and alpha.size and alpha.min() != alpha.max():
            last = len(channels)
            found.append(
                f"Channel {last} of {last} (alpha or another detector) is not used; select it with --channel {last}."
            )
        return tuple(found)

    @property
    def square_pixel_size_nm(self) -> float | None:
        """Side of the square pixels in nm, or None if unknown.

        Raises
        ------
        UserError
            If height and width of a pixel differ by more than 1 %.
        """
        return None if self.pixel_size_nm is None else square_side_nm(self.pixel_size_nm, self.name)


def square_side_nm(size_nm: tuple[float, float], name: str) -> float:
    """Side of the square pixels of an image from their height and width.

    Raises
    ------
    UserError
        If these differ by more than 1 %.
    """
    y, x = size_nm
    if not math.isclose(y, x, rel_tol=0.01):
        raise UserError(
            f"{name}: pixels measure {y:g} nm by {x:g} nm; they must be square (to within 1 %).",
            "Resample the image to square pixels first.",
        )
    return math.sqrt(x * y)


def parse_length_nm(text: str) -> float:
    """Convert text such as ``0.5 nm`` or ``12 µm`` to nanometres.

    Raises
    ------
    UserError
        If it has no unit, is not a length or not above zero, or is longer than any micrograph is wide.
    """
    found = re.fullmatch(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\W\d_]+)\s*", text)
    unit = None if found is None else unit_nm(found[2])
    if found is None or unit is None:
        comma = " The decimal separator is a point." if "," in text else ""
        raise UserError(f"{text!r} is not a length.", HINT + comma)
    length = float(found[1]) * unit
    if not length > 0:
        raise UserError(f"{text!r} is not above zero.", HINT)
    if length > LONGEST_NM:
        raise UserError(f"{text!r} is longer than {LONGEST_NM / 1e7:g} cm, which no micrograph shows.", HINT)
    return length


def unit_nm(unit: str) -> float | None:
    """Nanometres in a unit such as ``nm``, ``µm``, ``micron``, ``Å``; None if images are not measured in it."""
    unit = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), unit).strip()  # ImageJ writes µ so
    if unit in USUAL_NM:
        return USUAL_NM[unit]
    if not re.fullmatch(r"[^\W\d_]+", unit):
        return None
    import pint

    try:
        one = pint.Quantity(1, unit)
        if not METRIC.fullmatch(str(one.units)):
            return None
        return float(f"{one.to('nm').magnitude:.12g}")  # pint's micrometre is 999.9999999999999 nm
    except pint.errors.PintError:
        return None


def unit_s(unit: str) -> float | None:
    """Seconds in a unit of time such as ``s``, ``ms``, ``minute``; None for anything else."""
    import pint

    if not re.fullmatch(r"[^\W\d_]+", unit):
        return None
    try:
        return float(f"{pint.Quantity(1, unit).to('s').magnitude:.12g}")
    except pint.errors.PintError:
        return None


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) else value


def _check_length(text: str) -> str:
    try:
        parse_length_nm(text)
    except UserError as error:
        raise ValueError(str(error)) from error
    return text


Length: TypeAlias = Annotated[str, BeforeValidator(_as_text), AfterValidator(_check_length)]
"""Text such as ``0.5 nm`` as a parameter."""


class GivenPixelSize(Params):
    """Parameters of whatever reads images: a pixel size that goes before those of the files."""

    pixel_size: Length | None = Field(
        None, description="Side of a pixel with its unit, for example '0.5 nm'; empty: from the image files."
    )

    @property
    def pixel_size_nm(self) -> float | None:
        """Side of a pixel in nm where it is given."""
        return None if self.pixel_size is None else parse_length_nm(self.pixel_size)
