"""Images of any size as OME-Zarr, copied shard by shard from any source."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.step import Progress, Step
from particleforge.store.files import ELSEWHERE
from particleforge.store.pyramid import HINT, Layout, Pyramid, Shard, Window
from particleforge.store.source import Source

ORDER = "TCZYX"
"""Order of the axes that the standard asks for."""
MADE_OF = "made_of"
"""Attribute that describes the source."""
AT_ONCE_BYTES = 2**28
"""A row of shards is read at once up to this size: strips of a TIFF span its whole width."""
_KEPT_AS = {"?": "uint8", "e": "float32"}
"""Types that other programs do not know."""


class ImagePyramid(Pyramid):
    """Grey values or channels; pixels of coarser levels are means of four.

    Make one by `ImagePyramid.of`.
    """

    PLACE: ClassVar[float] = 0.5

    @classmethod
    def of(cls, path: Path, source: Source, shard_px: int, made_of: dict[str, Any]) -> Self:
        """Create an image for the pixels of a source, or open the same one to continue it.

        Parameters
        ----------
        path
            NAME.zarr.
        source
            What it will hold.
        shard_px
            See `Layout`.
        made_of
            Description of the source; an image that was begun from another one is refused.

        Raises
        ------
        UserError
            If there is something else at `path`, or it cannot be written.
        """
        if path.exists() and not path.is_dir():
            raise UserError(f"{path} exists and is a file; nothing is overwritten.", ELSEWHERE)
        shape = dict(zip(source.axes, source.pixels.shape, strict=True))
        axes = "".join(axis for axis in ORDER if axis in shape)
        layout = Layout(
            tuple(shape[axis] for axis in axes),
            shard_px,
            axes=axes,
            pixel_size_nm=source.pixel_size_nm,
            interval_s=source.interval_s,
            z_step_nm=source.z_step_nm,
        )
        dtype = source.pixels.dtype
        kept_as = np.dtype(_KEPT_AS.get(dtype.char, dtype)).name
        return cls.create(path, layout, kept_as, attributes={MADE_OF: made_of})

    def copy(self, source: Source) -> Step[None]:
        """Write what is missing of level 0 and compare each shard with the source; then build the coarser levels.

        Raises
        ------
        UserError
            If the source cannot be read, the disk is full, or what was written is not what was read.
        """
        missing, total = self.missing(), len(self.shards())
        left = len(missing)
        yield Progress(total - left, total, f"{total - left} of {total} parts are written")
        for shards in self._at_once(missing, source):
            window = tuple(slice(low.start, high.stop) for low, high in zip(*self._ends(shards), strict=True))
            pixels = self._read_from(source, window)
            for shard in shards:
                self._copy(shard, window, pixels)
            left -= len(shards)
            yield Progress(total - left, total, f"{total - left} of {total} parts are written")
        yield from self.build_levels()

    def halved(self, level: int, window: Window) -> npt.NDArray[Any]:
        """Mean of four pixels, at odd ends of two or one; integers are rounded."""
        pixels = self.read(window, level)
        odd = [(0, 0)] * (pixels.ndim - 2) + [(0, side % 2) for side in pixels.shape[-2:]]
        pixels = np.pad(pixels, odd, mode="edge")
        wide = np.result_type(pixels.dtype, np.float64 if pixels.dtype.kind == "f" else np.int64)
        four = sum(pixels[..., i::2, j::2].astype(wide) for i in (0, 1) for j in (0, 1))
        mean = four / 4 if pixels.dtype.kind == "f" else (four + 2) // 4
        return np.asarray(mean, pixels.dtype)

    def _at_once(self, missing: list[Shard], source: Source) -> Iterator[list[Shard]]:
        """Shards to be read together: those with the same rows of the same plane."""
        free = [i for i, axis in enumerate(self.layout.axes) if axis in "CX"]

        def rows(shard: Shard) -> Shard:
            return tuple(part for i, part in enumerate(shard) if i not in free)

        for _, found in groupby(sorted(missing, key=rows), key=rows):
            shards = list(found)
            values = source.channels * self.layout.shape[-1] * self.layout.shard_px
            if values * source.pixels.dtype.itemsize <= AT_ONCE_BYTES:
                yield shards
            else:
                yield from ([shard] for shard in shards)

    def _ends(self, shards: list[Shard]) -> tuple[Window, Window]:
        """Windows of the first and of the last of shards along every axis."""
        sides = list(zip(*shards, strict=True))
        return self.window(tuple(map(min, sides))), self.window(tuple(map(max, sides)))

    def _read_from(self, source: Source, window: Window) -> npt.NDArray[Any]:
        parts = dict(zip(self.layout.axes, window, strict=True))
        pixels = source.pixels[tuple(parts[axis] for axis in source.axes)]
        return pixels.transpose([source.axes.index(axis) for axis in self.layout.axes]).astype(self.levels[0].dtype)

    def _copy(self, shard: Shard, window: Window, pixels: npt.NDArray[Any]) -> None:
        """Write a shard out of pixels of a window, and read it back."""
        here = self.window(shard)
        part = pixels[tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(here, window, strict=True))]
        self.write(here, part)
        if self.read(here).tobytes() != part.tobytes():
            self._file(0, shard).unlink()
            raise UserError(f"{self.path}: a part that was written is not what was read of the image.", HINT)
