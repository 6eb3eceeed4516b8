"""Datasets of samples: zarr v3 arrays with one row per sample, written shard by shard.

A dataset is a folder with the arrays ``images``, ``labels`` and ``known`` (count, Y, X), padded at the lower right,
those named in its schema, and ``rows/000012.jsonl`` per shard with everything that is not an array: one line per
sample. A rows file is written after the arrays of its shard, so its presence means that the shard is complete. Nothing
in it depends on time, machine or order of writing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.errors import ContainsArrayError

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample, Samples
from particleforge.schema import Schema
from particleforge.store.files import atomic_write, disk_errors, new_folder
from particleforge.store.rows import AGAIN, pack_row, read_row, read_rows, row_count, unpack_truth
from particleforge.store.sample_arrays import PARTICLES, SampleArrays
from particleforge.store.unreadable import unreadable

FORMAT, PLAIN_FORMAT = 2, 1
"""Format of datasets with their own schema, and of those with only image and labels, which older versions can read."""
SAMPLES_PER_SHARD = 16
EVERY_FILE = "every_file"
"""Attribute: whether each array of a written shard has its file, even if all its values are the fill value."""
HINT = "Choose a NAME.zarr folder written by ParticleForge."


class Dataset(Samples):
    """Samples on disk, read one by one; cheap to pickle, because only the path is stored.

    Use `Dataset.create` or `Dataset.open`. Different shards may be written by different processes at the same time.
    """

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self.path = path
        self._group = group
        self._own: dict[str, Any] = _attributes(group)["particleforge"]
        self.schema = Schema.parse(self._own.get("schema", {}))
        self._arrays = SampleArrays(path, group, self.schema, bool(self._own.get(EVERY_FILE)))

    @classmethod
    def create(
        cls,
        path: Path,
        count: int,
        shape: tuple[int, int],
        dtype: npt.DTypeLike,
        meta: Mapping[str, Any],
        samples_per_shard: int = SAMPLES_PER_SHARD,
        schema: Schema = Schema(),
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
            Data type of the images; labels are uint32.
        meta
            Plain data stored with the dataset, such as recipe and seed.
        samples_per_shard
            Number of samples per file, written at once by one process.
        schema
            Arrays and targets of the samples.

        Raises
        ------
        UserError
            If `path` exists or cannot be written.
        """
        new_folder(path)
        plain = schema == Schema()
        own: dict[str, Any] = {
            "format": PLAIN_FORMAT if plain else FORMAT,
            "version": version("napari-particleforge"),
            "count": count,
            "samples_per_shard": samples_per_shard,
            EVERY_FILE: True,
        }
        with disk_errors(path):
            group = zarr.open_group(path, mode="a", zarr_format=3)
            SampleArrays.create(group, schema, count, samples_per_shard, shape, dtype)
            own |= {} if plain else {"schema": schema.model_dump(mode="json")}
            group.attrs.update({"particleforge": own, "meta": dict(meta)})
        return cls(path, group)

    @classmethod
    def open(cls, path: Path) -> "Dataset":
        """Open a dataset.

        Raises
        ------
        UserError
            If there is none at `path`, it is broken, or it was written by a newer version.
        """
        with unreadable(path, HINT):
            try:
                group = zarr.open_group(path, mode="r+", zarr_format=3)
            except ContainsArrayError:
                raise UserError(f"{path} is a zarr array, but not a ParticleForge dataset.", HINT) from None
            own = _attributes(group).get("particleforge")
            if not isinstance(own, dict) or "format" not in own:
                raise UserError(f"{path} is a zarr folder, but not a ParticleForge dataset.", HINT)
            if own["format"] > FORMAT:
                raise UserError(
                    f"{path} has format {own['format']}; this version reads formats up to {FORMAT}.",
                    "Update ParticleForge.",
                )
            dataset = cls(path, group)
            dataset._check_header()
            return dataset

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
        return self._arrays.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the images."""
        return self._arrays.dtype

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
        """Shards that are not completely written, or whose files are lost."""
        return [k for k in self.shards if not self._written(k) or self._lost(k)]

    def lost_shards(self) -> list[int]:
        """Shards that were written, but files of their arrays are missing or empty."""
        return [k for k in self.shards if self._written(k) and self._lost(k)]

    def check(self, names: Collection[str] = ()) -> None:
        """Check that all samples are written and no file is missing or empty.

        Parameters
        ----------
        names
            Names of the arrays; all of them if none are given.

        Raises
        ------
        UserError
            Naming the first samples that cannot be read.
        """
        for k in self.shards:
            samples = self.shard_range(k)
            if not self._written(k):
                raise self._not_written(samples[row_count(self._rows(k))])
            for name in self._lost(k):
                if not names or name in names:
                    self._arrays.check(name, k, samples, read_rows(self._rows(k)))

    def at(self, index: int) -> Sample:
        """Read sample number `index`.

        Raises
        ------
        UserError
            If the sample is not written, or a file is missing, empty or damaged.
        """
        row, i = self.row(index), self._position(index)
        return self._sample(row, self._arrays.read(i, self._neighbours(i), row))

    def __iter__(self) -> Iterator[Sample]:
        """Iterate over all samples; whole shards are read at once, which is faster than one by one."""
        for k in self.shards:
            numbers = self.shard_range(k)
            rows = read_rows(self._rows(k))
            if len(rows) < len(numbers):
                raise self._not_written(numbers[len(rows)])
            yield from map(self._sample, rows, self._arrays.read_many(numbers, rows))

    def arrays(self, index: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint32], npt.NDArray[np.bool_] | None]:
        """Image, labels and known mask of a sample without its truth table, for training.

        Raises
        ------
        UserError
            If the sample is not written, or a file is missing, empty or damaged.
        """
        row, i = self.row(index), self._position(index)
        values = self._arrays.read(i, self._neighbours(i), row, PARTICLES)
        return values["images"], values["labels"], values.get("known")

    def stack(self, name: str) -> zarr.Array[Any]:
        """One array of all samples, such as ``images`` (count, Y, X): read-only, and only read where it is sliced.

        Raises
        ------
        UserError
            If the samples have no array with that name, are not written, or a file is missing or empty.
        """
        if name not in self._arrays:
            raise UserError(f"{self.path} has no {name}; its samples have {', '.join(self._arrays)}.")
        self.check([name])
        return zarr.open_array(self.path, path=name, mode="r", zarr_format=3)

    def row(self, index: int) -> dict[str, Any]:
        """Return a sample without arrays: name, shape, pixel_size_nm, known, recipe, truth and targets as stored.

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
        """Write all samples of shard `k`; colours are converted to grey.

        Several processes may write different shards at the same time; the bytes do not depend on the process.

        Raises
        ------
        UserError
            If a sample is larger than the shape of the dataset, has values that its dtype cannot represent, does not
            match the schema, or the disk is full.
        """
        batch = list(samples)
        if len(batch) != len(self.shard_range(k)):
            raise ValueError(f"shard {k} takes {len(self.shard_range(k))} samples, not {len(batch)}")
        self._rows(k).unlink(missing_ok=True)
        self._write(k, batch)

    def append(self, samples: Iterable[Sample]) -> None:
        """Add samples at the end. No other process may write to the dataset meanwhile.

        The last shard is written again if it has room. The new length is recorded last, so that an interrupted
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
            self._arrays.resize(before + len(new))
        for start in range(0, len(batch), per):
            self._write(first + start // per, batch[start : start + per])
        own = self._own | {"count": before + len(new)}
        with disk_errors(self.path):
            self._group.attrs.update({"particleforge": own})
        self._own = own

    def _check_header(self) -> None:
        """Check that the numbers of the header fit the arrays."""
        for name, least in (("count", 0), ("samples_per_shard", 1)):
            value = self._own.get(name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UserError(f"{self.path} is broken: {name} is {value!r}.", "Make the dataset again.")
        self._arrays.check_lengths(len(self), self._per_shard)

    @property
    def _per_shard(self) -> int:
        return int(self._own["samples_per_shard"])

    def _rows(self, k: int) -> Path:
        return self.path / "rows" / f"{k:06d}.jsonl"

    def _written(self, k: int) -> bool:
        return row_count(self._rows(k)) >= len(self.shard_range(k))

    def _lost(self, k: int) -> list[str]:
        rows = [] if self._own.get(EVERY_FILE) else read_rows(self._rows(k))
        return self._arrays.lost(k, rows)

    def _neighbours(self, i: int) -> range:
        """Return all samples in the shard of one of them."""
        return self.shard_range(i // self._per_shard)

    def _not_written(self, index: int) -> UserError:
        return UserError(
            f"{self.path}: sample {index} is not written yet; {len(self.missing_shards())} of {len(self.shards)} "
            "shards are missing.",
            "Run the command that makes this dataset again; it continues where it stopped.",
        )

    def _position(self, index: int) -> int:
        i = index + len(self) if index < 0 else index
        if not 0 <= i < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return i

    def _write(self, k: int, batch: list[Sample]) -> None:
        """Write arrays, then rows."""
        blocks = self._arrays.pack(batch)
        lines = [pack_row(sample, self.schema) for sample in batch]
        rows = self._rows(k)
        with disk_errors(self.path):
            self._arrays.write(k * self._per_shard, blocks)
            rows.parent.mkdir(exist_ok=True)
        with atomic_write(rows) as temporary:
            temporary.write_bytes(b"".join(lines))

    def _sample(self, row: dict[str, Any], values: Mapping[str, npt.NDArray[Any]]) -> Sample:
        with unreadable(self.path, AGAIN):
            return self._unpacked(row, values)

    def _unpacked(self, row: dict[str, Any], values: Mapping[str, npt.NDArray[Any]]) -> Sample:
        size = tuple(row["pixel_size_nm"]) if row["pixel_size_nm"] else None
        micrograph = Micrograph(values["images"], size, "YX", row["name"])
        return Sample(
            micrograph,
            values["labels"],
            values.get("known"),
            unpack_truth(row["truth"]),
            row["recipe"],
            {name: values[name] for name in self.schema.maps},
            {name: values[name] for name in self.schema.arrays},
            self.schema.unpack_targets(row.get("targets", {})),
        )


def _attributes(group: zarr.Group) -> dict[str, Any]:
    return dict(group.attrs)
