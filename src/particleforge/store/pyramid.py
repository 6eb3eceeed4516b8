"""Large images as sharded OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5) with coarser levels.

Every shard is a file that is written next to its place and renamed, so a file that is there is complete, and what is
missing is found by listing files. Different shards may be written by different processes at the same time.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.step import Progress, Step
from particleforge.store.files import ELSEWHERE, complete_folder, disk_errors
from particleforge.store.unreadable import unreadable

Window: TypeAlias = tuple[slice, ...]
"""One slice per axis, in pixels of level 0 unless another level is named."""
Shard: TypeAlias = tuple[int, ...]
"""Position of a shard among those of its level, along each axis."""

OWN = "particleforge"
"""Attribute of the group with the layout."""
LARGEST_COARSEST_PX = 1024
"""Levels are added until the longer side is at most this long."""
CHUNK_PX = 256
HINT = "Run the command that writes it again; it continues where it stopped."


@dataclass(frozen=True)
class Layout:
    """Shape and scale of an image, and how it is divided into files.

    Parameters
    ----------
    shape
        Length of each axis.
    shard_px
        Side of the square that one file holds; best the core of a tile.
    chunk_px
        Side of the squares within a shard that can be read alone; it divides `shard_px`. None: the largest divisor up
        to 256 px.
    axes
        One letter per axis, out of T, C, Z, Y, X; the last two are Y and X.
    pixel_size_nm
        Along (Y, X), if known.
    interval_s
        Time from one image of a series to the next, if known.
    z_step_nm
        Distance of the planes along Z, if known.
    """

    shape: tuple[int, ...]
    shard_px: int
    chunk_px: int | None = None
    axes: str = "YX"
    pixel_size_nm: tuple[float, float] | None = None
    interval_s: float | None = None
    z_step_nm: float | None = None

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.shape) or self.axes[-2:] != "YX":
            raise ValueError(f"axes {self.axes!r} do not fit the shape {self.shape}")
        if min(self.shape) < 1:
            raise UserError(f"An image of shape {self.shape} has no pixels.")
        if self.shard_px < 1 or self.shard_px % self.chunk:
            raise ValueError(f"a shard of {self.shard_px} px cannot be divided into chunks of {self.chunk} px")

    @property
    def chunk(self) -> int:
        """Side of a chunk in px."""
        return self.chunk_px or max(d for d in range(1, min(self.shard_px, CHUNK_PX) + 1) if self.shard_px % d == 0)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shape of every level, the finest first: Y and X are halved from level to level."""
        found = [self.shape]
        while max(found[-1][-2:]) > LARGEST_COARSEST_PX:
            found.append((*self.shape[:-2], *(-(-side // 2) for side in found[-1][-2:])))
        return found

    def multiscales(self, name: str, place: float = 0.0) -> dict[str, Any]:
        """Entry of `multiscales` in the metadata.

        Parameters
        ----------
        name
            Of the image.
        place
            Where the first pixel of a level lies, in pixels of the finer one: 0.5 between the first two of them.
        """
        return {
            "name": name,
            "axes": [self._axis(axis) for axis in self.axes],
            "datasets": [
                {"path": str(level), "coordinateTransformations": self._transformations(2**level, place)}
                for level in range(len(self.shapes))
            ],
        }

    def _transformations(self, factor: int, place: float) -> list[dict[str, Any]]:
        y, x = self.pixel_size_nm or (1.0, 1.0)
        steps = {"T": self.interval_s or 1.0, "Z": self.z_step_nm or 1.0, "Y": y, "X": x}
        scale = [steps.get(axis, 1.0) * (factor if axis in "YX" else 1) for axis in self.axes]
        found: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if shift := place * (factor - 1):
            moved = [steps[axis] * shift if axis in "YX" else 0.0 for axis in self.axes]
            found.append({"type": "translation", "translation": moved})
        return found

    def _axis(self, axis: str) -> dict[str, str]:
        kind = {"T": "time", "C": "channel"}.get(axis, "space")
        unit = {"T": self.interval_s and "second", "Y": self.pixel_size_nm and "nanometer"}
        unit["Z"] = self.z_step_nm and "nanometer"
        known = unit.get("Y" if axis == "X" else axis)
        return {"name": axis.lower(), "type": kind} | ({"unit": str(known)} if known else {})


class Pyramid(ABC):
    """An image on disk with its levels; cheap to pickle, because only the path is stored.

    A kind of image is a subclass that says how a coarser level is made of a finer one, and by `PLACE` where its pixels
    lie; see `Layout.multiscales`.

    Parameters
    ----------
    path
        Folder of the image.

    Raises
    ------
    UserError
        If there is no image that ParticleForge wrote at `path`, or its metadata are damaged.
    """

    PLACE: ClassVar[float] = 0.0

    def __init__(self, path: Path) -> None:
        import zarr

        self.path = path
        with unreadable(path, HINT), zarr.config.set({"array.write_empty_chunks": True}):
            group = zarr.open_group(path, mode="r+", zarr_format=3)
            own: Any = group.attrs.get(OWN)
            if not isinstance(own, Mapping):
                raise UserError(f"{path} was not written by ParticleForge; it can be read, but not changed.")
            self.layout, self.attributes = _parsed(own), dict(group.attrs)
            self.levels: list[Any] = [group[str(level)] for level in range(len(self.layout.shapes))]

    @classmethod
    def create(
        cls,
        path: Path,
        layout: Layout,
        dtype: str,
        ome: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Self:
        """Create an image without pixels, or open the same one to continue it.

        Parameters
        ----------
        path
            Folder of the image.
        layout
            Its shape and scale.
        dtype
            Of the pixels, such as ``uint16``.
        ome
            Further entries of the metadata.
        attributes
            Further attributes of its group, which must be the same to continue it.

        Raises
        ------
        UserError
            If there is something else at `path`, or it cannot be written.
        """
        if (path / "zarr.json").is_file():
            found = cls(path)
            if found.layout != layout or found.levels[0].dtype != dtype:
                raise UserError(f"{path} exists and has another shape, scale or division into files.", ELSEWHERE)
            if any(found.attributes.get(name) != value for name, value in (attributes or {}).items()):
                raise UserError(f"{path} exists and was made of something else.", ELSEWHERE)
            return found
        known = {"version": "0.5", "multiscales": [layout.multiscales(path.name, cls.PLACE)], **(ome or {})}
        with complete_folder(path) as folder:
            _write_empty(folder, layout, dtype, {"ome": known, OWN: asdict(layout), **(attributes or {})})
        return cls(path)

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return type(self), (self.path,)

    def shards(self, level: int = 0) -> list[Shard]:
        """Positions of all shards of a level."""
        array = self.levels[level]
        return list(product(*(range(-(-n // part)) for n, part in zip(array.shape, array.shards, strict=True))))

    def missing(self, level: int = 0) -> list[Shard]:
        """Positions of the shards of a level that are not written yet."""
        return [shard for shard in self.shards(level) if not self._file(level, shard).is_file()]

    def window(self, shard: Shard, level: int = 0) -> Window:
        """Pixels that a shard holds."""
        array = self.levels[level]
        sides = zip(shard, array.shape, array.shards, strict=True)
        return tuple(slice(i * part, min((i + 1) * part, n)) for i, n, part in sides)

    def write(self, window: Window, pixels: npt.NDArray[Any]) -> None:
        """Write whole shards; other shards may be written by other processes at the same time.

        What was built of them on coarser levels is removed, so that it is built again.

        Parameters
        ----------
        window
            Pixels of level 0, on boundaries of shards or at the end of the image.
        pixels
            Values; axes of length 1 may be left out.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        ends = zip(window, self.layout.shape, self.levels[0].shards, strict=True)
        if any(side.start % part or (side.stop % part and side.stop != n) for side, n, part in ends):
            raise ValueError(f"{window} is not on boundaries of shards of {self.layout.shard_px} px")
        self._write(window, pixels)

    def correct(self, window: Window, pixels: npt.NDArray[Any]) -> None:
        """Write a part of any size and rebuild what depends on it. No other process may write meanwhile.

        Parameters
        ----------
        window
            Pixels of level 0.
        pixels
            Values; axes of length 1 may be left out.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        self._write(window, pixels)
        self.rebuild(window)

    def read(self, window: Window, level: int = 0) -> npt.NDArray[Any]:
        """Read a part of a level.

        Raises
        ------
        UserError
            If a shard of it is not written yet, or damaged.
        """
        gaps = [shard for shard in self._over(window, level) if not self._file(level, shard).is_file()]
        if gaps:
            raise UserError(f"{self.path}: {len(gaps)} shards of level {level} are not written yet.", HINT)
        with unreadable(self.path, HINT):
            return np.asarray(self.levels[level][window])

    def build_levels(self) -> Step[None]:
        """Build what is missing of the coarser levels, shard by shard; level 0 must be complete.

        Raises
        ------
        UserError
            If level 0 is not complete, or the disk is full.
        """
        missing = [(level, shard) for level in range(1, len(self.levels)) for shard in self.missing(level)]
        for done, (level, shard) in enumerate(missing):
            yield Progress(done, len(missing), f"Coarser levels: {done} of {len(missing)} parts")
            self.build(level, shard)

    def rebuild(self, window: Window) -> None:
        """Build the coarser levels again over a window of level 0 that was changed.

        Raises
        ------
        UserError
            If level 0 is not complete there, or the disk is full.
        """
        for level in range(1, len(self.levels)):
            window = self._coarser_window(window)
            for shard in self._over(window, level):
                self.build(level, shard)

    def build(self, level: int, shard: Shard) -> None:
        """Build one shard of a coarser level from the level below it, which must be complete there."""
        window = self.window(shard, level)
        finer = self.layout.shapes[level - 1][-2:]
        below = tuple(slice(2 * s.start, min(2 * s.stop, n)) for s, n in zip(window[-2:], finer, strict=True))
        pixels = self.halved(level - 1, (*window[:-2], *below))
        with disk_errors(self.path):
            self.levels[level][window] = pixels

    @abstractmethod
    def halved(self, level: int, window: Window) -> npt.NDArray[Any]:
        """Read a window of a level with half the pixels along Y and X, rounded up."""

    def _write(self, window: Window, pixels: npt.NDArray[Any]) -> None:
        shape = tuple(side.stop - side.start for side in window)
        coarser = window
        for level in range(1, len(self.levels)):
            coarser = self._coarser_window(coarser)
            for shard in self._over(coarser, level):
                self._file(level, shard).unlink(missing_ok=True)
        with disk_errors(self.path):
            self.levels[0][window] = pixels.reshape(shape)

    def _coarser_window(self, window: Window) -> Window:
        return (*window[:-2], *(slice(side.start // 2, -(-side.stop // 2)) for side in window[-2:]))

    def _over(self, window: Window, level: int) -> Iterator[Shard]:
        """Shards of a level that a window of the same level touches."""
        sides = zip(window, self.levels[level].shards, strict=True)
        return product(*(range(side.start // part, -(-side.stop // part)) for side, part in sides))

    def _file(self, level: int, shard: Shard) -> Path:
        return Path(self.path, str(level), *self.levels[level].metadata.encode_chunk_key(shard).split("/"))


def _parsed(own: Mapping[str, Any]) -> Layout:
    size = own["pixel_size_nm"]
    return Layout(**{**own, "shape": tuple(own["shape"]), "pixel_size_nm": size and tuple(size)})


def _write_empty(folder: Path, layout: Layout, dtype: str, attributes: Mapping[str, Any]) -> None:
    import zarr
    from zarr.codecs import ZstdCodec

    group = zarr.open_group(folder, mode="w", zarr_format=3)
    group.attrs.update(attributes)
    single = (1,) * (len(layout.shape) - 2)
    for level, shape in enumerate(layout.shapes):
        group.create_array(
            str(level),
            shape=shape,
            dtype=dtype,
            shards=(*single, layout.shard_px, layout.shard_px),
            chunks=(*single, layout.chunk, layout.chunk),
            compressors=ZstdCodec(level=3, checksum=True),
            fill_value=0,
            dimension_names=[axis.lower() for axis in layout.axes],
        )
