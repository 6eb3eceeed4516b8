"""Images as sequences of planes that are read on demand."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.pixels import LazyPixels, Pixels

ORDER = "TZYXC"
"""Order of the axes of a source."""


@dataclass(frozen=True, eq=False)
class Plane:
    """One 2D image of a source, read on demand.

    Parameters
    ----------
    source
        Source of the plane.
    number
        Its position in the source.
    """

    source: "Source"
    number: int

    @property
    def name(self) -> str:
        """Name in tables and of files: that of the image, with the number of the plane if there are several."""
        return self.source.name if self.frame is None else f"{self.source.name}_{self.number:05d}"

    @property
    def frame(self) -> int | None:
        """Number of the plane in its stack; None for a single image."""
        return self.number if self.source.lengths else None

    @property
    def index(self) -> dict[str, int]:
        """Position along each axis of the stack, such as ``{"t": 3, "z": 0}``; empty for a single image."""
        places = np.unravel_index(self.number, tuple(self.source.lengths.values()))
        return {axis: int(place) for axis, place in zip(self.source.lengths, places, strict=True)}

    @property
    def time_s(self) -> float | None:
        """Time since the first image in seconds; None if the file does not state it."""
        interval, t = self.source.interval_s, self.index.get("t")
        return None if interval is None or t is None else t * interval

    @property
    def columns(self) -> dict[str, str | float]:
        """Columns of tables: those of its source, and ``frame``, ``depth`` and ``time_s`` where it has them."""
        found = {"frame": self.frame, "depth": self.index.get("z"), "time_s": self.time_s}
        return {**self.source.columns, **{name: value for name, value in found.items() if value is not None}}

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels; nothing is read."""
        return self.source.sides

    @property
    def place(self) -> str:
        """Description of its location for messages."""
        where = str(self.source.place or self.source.name)
        return where if self.frame is None else f"{where}, plane {self.number}"

    def read(self) -> Micrograph:
        """Read, or compute, its pixels.

        Raises
        ------
        UserError
            If the file is broken.
        """
        return self.window(slice(None), slice(None))

    def window(self, rows: slice, columns: slice) -> Micrograph:
        """Read, or compute, a part of its pixels; of formats that allow it, nothing else is read.

        Parameters
        ----------
        rows, columns
            Which rows and columns; what lies outside of the image is left out.

        Raises
        ------
        UserError
            If the file is broken.
        """
        source, places = self.source, self.index
        parts = {"Y": rows, "X": columns}
        index = tuple(places.get(axis.lower(), parts.get(axis, slice(None))) for axis in source.axes)
        return source.micrograph(source.pixels[index], source.axes[len(places) :], self.name)


@dataclass(frozen=True, eq=False)
class Source(Sequence[Plane]):
    """The planes of an image or a stack. Make one by `Source.of`.

    Parameters
    ----------
    pixels
        All of them, with axes in the order T, Z, Y, X, C.
    axes
        One letter per axis of `pixels`.
    name
        Of the image: the stem of its file.
    path
        Its file, if it has one.
    url
        Where it is read from if it is not a file, such as ``https://...``.
    pixel_size_nm
        Along (Y, X), if known.
    interval_s
        Time from one image of a series to the next, if known.
    z_step_nm
        Distance of planes along Z, if known.
    stored
        The values as stored in the file if they differ from `pixels`, such as the indices of a palette.
    lossy
        Whether the format changes pixel values, so that it cannot store labels.
    remarks
        Sentences on how it was read that a person should know, for example what of the file was left out.
    size_remarks
        The same on the pixel size.
    size_source
        Where the pixel size was read, such as the name of a field; empty where the format has one place for it.
    series
        Functions that open each image of its file, if there are several; this source is one of them.
    pages
        Functions that open each page of its file, if these are not its planes.
    columns
        What stands in tables of its particles, the same for all its planes, such as the ``group`` of the image.
    coarser
        Pixels of coarser versions of the image that the file holds, finest first; see `levels`.
    """

    pixels: LazyPixels
    axes: str
    name: str
    path: Path | None = None
    url: str = ""
    pixel_size_nm: tuple[float, float] | None = None
    interval_s: float | None = None
    z_step_nm: float | None = None
    stored: "Source | None" = None
    lossy: bool = False
    remarks: tuple[str, ...] = ()
    size_remarks: tuple[str, ...] = ()
    size_source: str = ""
    series: "Sequence[Callable[[], Source]]" = ()
    pages: "Sequence[Callable[[], Source]]" = ()
    columns: Mapping[str, str | float] = field(default_factory=dict)
    coarser: Sequence[LazyPixels] = ()

    @classmethod
    def of(
        cls,
        pixels: Pixels,
        axes: str,
        path: Path | None = None,
        name: str = "",
        coarser: Sequence[Pixels] = (),
        **about: Any,
    ) -> "Source":
        """Source of an array, or of anything that is read when sliced.

        Parameters
        ----------
        pixels
            With axes in any order; axes of length 1 are left out.
        axes
            One letter per axis of `pixels`, out of T, Z, Y, X and C (colours, or other channels).
        coarser
            The same image with fewer rows and columns, with the same axes. What has other lengths along the other axes
            is left out.
        path, name, about
            See `Source`; the name of a file follows from its path.

        Raises
        ------
        UserError
            If an axis is unknown or repeated, Y or X is missing, or there are no pixels.
        """
        fits = len(axes) == len(pixels.shape)
        keep = [i for i, axis in enumerate(axes) if axis in "YX" or pixels.shape[i] != 1] if fits else []
        named = "".join(axes[i] for i in keep)
        if not {"Y", "X"} <= set(named) or set(named) - set(ORDER) or len(set(named)) < len(named):
            raise UserError(
                f"{path or about.get('url') or name}: shape {tuple(pixels.shape)} with axes {axes} is not supported; "
                "use the axes T, Z, C, Y, X.",
                "Save the plane you want as a separate image.",
            )
        keep.sort(key=lambda i: ORDER.index(axes[i]))
        others = [i for i, axis in enumerate(axes) if axis not in "YX"]
        levels = [one for one in coarser if all(one.shape[i] == pixels.shape[i] for i in others)]
        place = path or about.get("url") or None
        about["coarser"] = [LazyPixels(one, keep, place) for one in levels]
        return cls(LazyPixels(pixels, keep, place), "".join(axes[i] for i in keep), name, path, **about)

    @property
    def place(self) -> Path | str | None:
        """File or URL it is read from, if any."""
        return self.path or self.url or None

    @property
    def lengths(self) -> dict[str, int]:
        """Length of each axis of a stack, such as ``{"t": 5, "z": 3}``; empty for a single image."""
        return {axis.lower(): length for axis, length in zip(self.axes, self.pixels.shape, strict=True) if axis in "TZ"}

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of its planes in pixels."""
        return self._sides(self.pixels)

    @property
    def levels(self) -> "list[Source]":
        """Coarser versions of the image that the file holds, finest first, with their pixel sizes."""
        return [
            replace(self, pixels=pixels, pixel_size_nm=self._coarse_size_nm(pixels), coarser=(), stored=None)
            for pixels in self.coarser
        ]

    def _sides(self, pixels: LazyPixels) -> tuple[int, int]:
        return pixels.shape[self.axes.index("Y")], pixels.shape[self.axes.index("X")]

    def _coarse_size_nm(self, pixels: LazyPixels) -> tuple[float, float] | None:
        """Pixel size of a coarser version: a whole multiple where that fits to the pixel."""
        if self.pixel_size_nm is None:
            return None
        y, x = (_factor(*lengths) for lengths in zip(self.sides, self._sides(pixels), strict=True))
        return self.pixel_size_nm[0] * y, self.pixel_size_nm[1] * x

    @property
    def channels(self) -> int:
        """Number of colours or channels."""
        return self.pixels.shape[self.axes.index("C")] if "C" in self.axes else 1

    def at(self, **places: int) -> "Source":
        """Part of it at a position along some of its axes, such as ``t=3`` or ``c=0``."""
        fixed = {self.axes.index(axis.upper()): place for axis, place in places.items()}
        kept = [axis for axis in range(len(self.axes)) if axis not in fixed]
        known = self.stored and {axis: place for axis, place in places.items() if axis.upper() in self.stored.axes}
        return replace(
            self,
            pixels=LazyPixels(self.pixels, kept, self.place, fixed),
            axes="".join(self.axes[axis] for axis in kept),
            coarser=[LazyPixels(pixels, kept, self.place, fixed) for pixels in self.coarser],
            stored=self.stored and self.stored.at(**(known or {})),
        )

    @property
    def as_stored(self) -> "Source":
        """The same planes with the values stored in the file."""
        if self.stored is None:
            return self
        return replace(
            self.stored,
            name=self.name,
            pixel_size_nm=self.pixel_size_nm,
            remarks=self.remarks,
            size_remarks=self.size_remarks,
            size_source=self.size_source,
        )

    def micrograph(self, pixels: npt.NDArray[Any], axes: str, name: str) -> Micrograph:
        """Micrograph of some of its pixels, with what is known of all of them."""
        return Micrograph(pixels, self.pixel_size_nm, axes, name, self.remarks, self.size_remarks)

    def __len__(self) -> int:
        return math.prod(self.lengths.values())

    @overload
    def __getitem__(self, number: int) -> Plane: ...

    @overload
    def __getitem__(self, number: slice) -> list[Plane]: ...

    def __getitem__(self, number: int | slice) -> Plane | list[Plane]:
        numbers = range(len(self))[number]
        return [Plane(self, i) for i in numbers] if isinstance(numbers, range) else Plane(self, numbers)

    def __iter__(self) -> Iterator[Plane]:
        return (Plane(self, number) for number in range(len(self)))


def _factor(fine: int, coarse: int) -> float:
    """Ratio of the lengths of an axis, whole if the coarse one is the fine one divided by it, rounded up or down."""
    whole = round(fine / coarse)
    return float(whole) if abs(fine / whole - coarse) < 1 else fine / coarse
