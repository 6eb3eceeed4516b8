"""Datasets of samples: zarr v3 arrays with one row per sample, written shard by shard.

A dataset is a folder with the arrays ``images``, ``labels`` and ``known`` (count, Y, X), padded at the lower right, and
``rows/000012.jsonl`` per shard with what is no array: one line per sample. A rows file is written after the arrays of
its shard, so its presence says that the shard is complete. Nothing in it depends on time, machine or order of writing.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import ZstdCodec

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample, Samples
from particleforge.store.files import atomic_write, disk_errors, new_folder
from particleforge.store.rows import pack_row, read_row, read_rows, row_count, unpack_truth
from particleforge.store.unreadable import unreadable

FORMAT = 1
SAMPLES_PER_SHARD = 16
_ARRAYS = ("images", "labels", "known")


class Dataset(Samples):
    """Samples on disk, read one by one; cheap to pickle, for only its path travels.

    Use `Dataset.create` or `Dataset.open`. Different shards may be written by different processes at the same time.
    """

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self.path = path
        self._group = group
        self._arrays: dict[str, Any] = {name: group[name] for name in _ARRAYS}
        self._own: dict[str, Any] = _attributes(group)["particleforge"]

    @classmethod
    def create(
        cls,
        path: Path,
        count: int,
        shape: tuple[int, int],
        dtype: npt.DTypeLike,
        meta: Mapping[str, Any],
        samples_per_shard: int = SAMPLES_PER_SHARD,
    ) -> "Dataset":
        """Create an empty dataset of `count` samples, none of them written yet.

        Parameters
        ----------
        path
            New folder, NAME.zarr.
        count
            Number of samples; `append` adds more.
        shape
            Largest (height, width) of a sample in px.
        dtype
            Of the images; labels are uint32.
        meta
            Plain data kept with the dataset, such as recipe and seed.
        samples_per_shard
            Samples per file, which is what one process writes at once.

        Raises
        ------
        UserError
            If `path` is there already or cannot be written.
        """
        new_folder(path)
        own: dict[str, Any] = {
            "format": FORMAT,
            "version": version("napari-particleforge"),
            "count": count,
            "samples_per_shard": samples_per_shard,
        }
        with disk_errors(path):
            group = zarr.open_group(path, mode="w", zarr_format=3)
            for name, of, fill in (("images", dtype, 0), ("labels", "uint32", 0), ("known", "bool", True)):
                group.create_array(
                    name,
                    shape=(count, *shape),
                    dtype=np.dtype(of).newbyteorder("="),
                    chunks=(1, *shape),
                    shards=(samples_per_shard, *shape),
                    compressors=ZstdCodec(level=3),
                    fill_value=fill,
                    dimension_names=("sample", "y", "x"),
                )
            group.attrs.update({"particleforge": own, "meta": dict(meta)})
        return cls(path, group)

    @classmethod
    def open(cls, path: Path) -> "Dataset":
        """Open a dataset.

        Raises
        ------
        UserError
            If there is none at `path`, it is broken, or made by a newer version.
        """
        way_out = "Point to a NAME.zarr folder that ParticleForge wrote."
        with unreadable(path):
            group = zarr.open_group(path, mode="r+", zarr_format=3)
            own = _attributes(group).get("particleforge")
            if not isinstance(own, dict) or "format" not in own:
                raise UserError(f"{path} is a zarr folder but no dataset of ParticleForge.", way_out)
            if own["format"] > FORMAT:
                raise UserError(
                    f"{path} has format {own['format']}; this version reads {FORMAT} at most.", "Update ParticleForge."
                )
            missing = [name for name in _ARRAYS if name not in group]
            if missing:
                raise UserError(f"{path} is broken: its array {missing[0]} is missing.", way_out)
            return cls(path, group)

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Dataset.open, (self.path,)

    def __len__(self) -> int:
        return int(self._own["count"])

    @property
    def meta(self) -> dict[str, Any]:
        """The plain data given at creation."""
        return dict(_attributes(self._group)["meta"])

    @property
    def shape(self) -> tuple[int, int]:
        """Largest height and width of a sample in px."""
        _, height, width = self._arrays["images"].shape
        return height, width

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the images."""
        dtype: np.dtype[Any] = self._arrays["images"].dtype
        return dtype

    @property
    def shards(self) -> range:
        """Numbers of the shards."""
        return range(-(-len(self) // self._per_shard))

    def shard_range(self, k: int) -> range:
        """Return the indices of the samples in shard `k`."""
        if k not in self.shards:
            raise IndexError(f"shard {k} of {len(self.shards)}")
        return range(k * self._per_shard, min((k + 1) * self._per_shard, len(self)))

    def missing_shards(self) -> list[int]:
        """Shards that are not written, or not to their end."""
        return [k for k in self.shards if row_count(self._rows(k)) < len(self.shard_range(k))]

    def at(self, index: int) -> Sample:
        """Read sample number `index`.

        Raises
        ------
        UserError
            If the sample is not written.
        """
        row = self.row(index)
        return _sample(row, *self._read(index, row))

    def __iter__(self) -> Iterator[Sample]:
        """All samples; whole shards are read at once, which is quicker than one by one."""
        for k in self.shards:
            numbers = self.shard_range(k)
            rows = read_rows(self._rows(k))
            if len(rows) < len(numbers):
                raise self._not_written(numbers[len(rows)])
            with unreadable(self.path):
                blocks = [np.asarray(self._arrays[name][numbers.start : numbers.stop]) for name in _ARRAYS]
            for i, row in enumerate(rows[: len(numbers)]):
                image, labels, known = (block[i, : row["shape"][0], : row["shape"][1]].copy() for block in blocks)
                yield _sample(row, image, labels, known if row["known"] else None)

    def arrays(self, index: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint32], npt.NDArray[np.bool_] | None]:
        """Image, labels and known of a sample without its truth table: what training reads.

        Raises
        ------
        UserError
            If the sample is not written.
        """
        return self._read(index, self.row(index))

    def row(self, index: int) -> dict[str, Any]:
        """Return what is no array of a sample: name, shape, pixel_size_nm, known, recipe, and truth as stored.

        Raises
        ------
        UserError
            If the sample is not written.
        """
        i = self._position(index)
        row = read_row(self._rows(i // self._per_shard), i % self._per_shard)
        if row is None:
            raise self._not_written(i)
        return row

    def write_shard(self, k: int, samples: Iterable[Sample]) -> None:
        """Write all samples of shard `k`; colours become grey.

        Several processes may write different shards at the same time; the bytes do not depend on who writes.

        Raises
        ------
        UserError
            If a sample is larger than the dataset's shape or holds values its dtype cannot, or the disk is full.
        """
        batch = list(samples)
        if len(batch) != len(self.shard_range(k)):
            raise ValueError(f"shard {k} takes {len(self.shard_range(k))} samples, not {len(batch)}")
        self._rows(k).unlink(missing_ok=True)
        self._write(k, batch)

    def append(self, samples: Iterable[Sample]) -> None:
        """Add samples at the end. Nobody else may write to the dataset meanwhile.

        The last shard is written again where it has room. The new length is noted last, so that an interrupted
        call leaves the dataset as it was.

        Raises
        ------
        UserError
            As `write_shard`, or if the last shard is not complete.
        """
        new = list(samples)
        before, per = len(self), self._per_shard
        first = before // per
        batch = [*self[first * per : before], *new]
        with disk_errors(self.path):
            for array in self._arrays.values():
                array.resize((before + len(new), *self.shape))
        for start in range(0, len(batch), per):
            self._write(first + start // per, batch[start : start + per])
        own = self._own | {"count": before + len(new)}
        with disk_errors(self.path):
            self._group.attrs.update({"particleforge": own})
        self._own = own

    @property
    def _per_shard(self) -> int:
        return int(self._own["samples_per_shard"])

    def _rows(self, k: int) -> Path:
        return self.path / "rows" / f"{k:06d}.jsonl"

    def _not_written(self, index: int) -> UserError:
        return UserError(
            f"{self.path}: sample {index} is not written yet; {len(self.missing_shards())} of {len(self.shards)} "
            "shards are missing.",
            "Run the step that makes this dataset again; it continues where it stopped.",
        )

    def _position(self, index: int) -> int:
        i = index + len(self) if index < 0 else index
        if not 0 <= i < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return i

    def _read(self, index: int, row: dict[str, Any]) -> tuple[Any, Any, Any]:
        where = (self._position(index), *(slice(0, side) for side in row["shape"]))
        with unreadable(self.path):
            image, labels = (np.asarray(self._arrays[name][where]) for name in ("images", "labels"))
            known = np.asarray(self._arrays["known"][where]) if row["known"] else None
        return image, labels, known

    def _write(self, k: int, batch: list[Sample]) -> None:
        """Write arrays, then rows."""
        start = k * self._per_shard
        blocks = {
            name: np.full((len(batch), *self.shape), array.fill_value, array.dtype)
            for name, array in self._arrays.items()
        }
        for i, sample in enumerate(batch):
            self._check_shape(sample)
            height, width = sample.micrograph.shape
            blocks["images"][i, :height, :width] = as_dtype(sample.micrograph, self.dtype)
            blocks["labels"][i, :height, :width] = sample.labels
            if sample.known is not None:
                blocks["known"][i, :height, :width] = sample.known
        lines = [pack_row(sample) for sample in batch]
        rows = self._rows(k)
        with disk_errors(self.path):
            for name, block in blocks.items():
                self._arrays[name][start : start + len(batch)] = block
            rows.parent.mkdir(exist_ok=True)
        with atomic_write(rows) as temporary:
            temporary.write_bytes(b"".join(lines))

    def _check_shape(self, sample: Sample) -> None:
        if any(side > limit for side, limit in zip(sample.micrograph.shape, self.shape, strict=True)):
            raise UserError(
                f"{sample.name} has shape {sample.micrograph.shape}; this dataset holds {self.shape} at most.",
                "Cut it into tiles, or create the dataset with a larger shape.",
            )
        if sample.labels.dtype != np.uint32:
            raise ValueError(f"labels are {sample.labels.dtype}, not uint32")


def _sample(row: dict[str, Any], image: Any, labels: Any, known: Any) -> Sample:
    size = tuple(row["pixel_size_nm"]) if row["pixel_size_nm"] else None
    micrograph = Micrograph(image, size, "YX", row["name"])
    return Sample(micrograph, labels, known, unpack_truth(row["truth"]), row["recipe"])


def _attributes(group: zarr.Group) -> dict[str, Any]:
    return dict(group.attrs)


def as_dtype(micrograph: Micrograph, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """(Y, X) pixels as another type, never wrapped; colours become grey and are rounded for whole-number types.

    Raises
    ------
    UserError
        If a value lies outside of the type, or is no whole number where the type needs one.
    """
    target = np.dtype(dtype)
    pixels = micrograph.pixels
    if micrograph.axes != "YX":
        pixels = np.rint(micrograph.grey) if target.kind in "biu" else micrograph.grey
    if pixels.dtype == target:
        return pixels
    with np.errstate(invalid="ignore", over="ignore"):
        cast = pixels.astype(target)
    wrong = np.isfinite(pixels) & ~np.isfinite(cast) if target.kind == "f" else cast != pixels
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        raise UserError(
            f"{micrograph.name} holds {pixels[y, x]} at row {y}, column {x}; {target} images cannot.",
            "Create the dataset with a wider type, such as float32.",
        )
    return cast
