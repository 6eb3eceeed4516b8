"""The zarr arrays of a dataset: one row per sample, padded at the lower right."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import ZstdCodec

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.store.shard_files import is_lost, lost, reading, shard_file

Values = dict[str, npt.NDArray[Any]]
"""Arrays of one sample by name; ``known`` is left out if the labels are valid everywhere."""
MOST_SAMPLES = 10_000_000
PARTICLES = ("images", "labels", "known")


class _Layout(NamedTuple):
    """Storage of one array; `axes` without the first one, which counts samples."""

    shape: tuple[int, ...]
    dtype: npt.DTypeLike
    axes: tuple[str, ...]
    fill: int | bool = 0


def _layouts(schema: Schema, shape: tuple[int, int], dtype: npt.DTypeLike) -> dict[str, _Layout]:
    """Every array of a dataset, by its name."""
    pixels = ("y", "x")
    found = {"images": _Layout(shape, dtype, pixels)} if schema.image else {}
    if schema.labels:
        found |= {"labels": _Layout(shape, "uint32", pixels), "known": _Layout(shape, "bool", pixels, True)}
    found |= {name: _Layout(shape, one.dtype, pixels) for name, one in schema.maps.items()}
    found |= {
        name: _Layout(one.shape, one.dtype, tuple(axis.name for axis in one.axes))
        for name, one in schema.arrays.items()
    }
    return found


class SampleArrays:
    """The arrays of a dataset, by their names in the schema.

    Parameters
    ----------
    path, group
        Location of the arrays.
    schema
        Arrays and targets of the samples.
    every_file
        Whether each array of a written shard has its file. Former versions left out files with only fill values.

    Raises
    ------
    UserError
        If one of them does not exist.
    """

    def __init__(self, path: Path, group: zarr.Group, schema: Schema, every_file: bool) -> None:
        names = _layouts(schema, (0, 0), "uint8")
        if missing := [name for name in names if name not in group]:
            raise UserError(f"{path} is broken: its array {missing[0]} is missing.", "Make the dataset again.")
        with zarr.config.set({"array.write_empty_chunks": every_file}):
            self._arrays: dict[str, Any] = {name: group[name] for name in names}
        self._path, self._schema, self._every_file = path, schema, every_file

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    @staticmethod
    def create(
        group: zarr.Group,
        schema: Schema,
        count: int,
        samples_per_shard: int,
        shape: tuple[int, int],
        dtype: npt.DTypeLike,
    ) -> None:
        """Create the arrays of an empty dataset; see `Dataset.create`."""
        for name, layout in _layouts(schema, shape, dtype).items():
            group.create_array(
                name,
                shape=(count, *layout.shape),
                dtype=np.dtype(layout.dtype).newbyteorder("="),
                chunks=(1, *layout.shape),
                shards=(samples_per_shard, *layout.shape),
                compressors=ZstdCodec(level=3, checksum=True),
                fill_value=layout.fill,
                dimension_names=("sample", *layout.axes),
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Largest height and width of a sample in px."""
        if not self._schema.image:
            return 0, 0
        _, height, width = self._arrays["images"].shape
        return height, width

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the images."""
        return np.dtype(self._arrays["images"].dtype if self._schema.image else np.uint8)

    def check_lengths(self, count: int, samples_per_shard: int) -> None:
        """Check that all arrays hold the samples of a dataset.

        Raises
        ------
        UserError
            Naming an array that is too short, too long for a dataset, or has other shards.
        """
        for name, array in self._arrays.items():
            length, shards = array.shape[0], (array.shards or array.chunks)[0]
            if not count <= length <= MOST_SAMPLES or shards != samples_per_shard:
                raise UserError(
                    f"{self._path} is broken: its array {name} has {length} samples in shards of {shards}, but the "
                    f"dataset {count} in shards of {samples_per_shard}.",
                    "Make the dataset again.",
                )

    def resize(self, count: int) -> None:
        """Change the number of samples."""
        for array in self._arrays.values():
            array.resize((count, *array.shape[1:]))

    def lost(self, shard: int, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Names of the arrays whose file of a shard is missing or empty, given some of its rows."""
        return [name for name in self._arrays if self._is_lost(name, shard, rows)]

    def check(self, name: str, shard: int, samples: range, rows: Sequence[Mapping[str, Any]]) -> None:
        """Check that the file of a shard is there.

        Raises
        ------
        UserError
            Naming dataset, array and samples if it is missing or empty.
        """
        if self._is_lost(name, shard, rows):
            raise lost(self._path, self._arrays[name], shard, samples)

    def read(self, index: int, samples: range, row: Mapping[str, Any], names: Collection[str] = ()) -> Values:
        """Arrays of one sample; all of them if no names are given.

        Parameters
        ----------
        index
            Number of the sample.
        samples
            All samples of its shard.
        row
            Its row.
        names
            Which arrays.

        Raises
        ------
        UserError
            If a file is missing, empty or damaged.
        """
        chosen = [name for name in self._names(row) if not names or name in names]
        values = {name: self._values(name, _at(index, _extent(name, row)), samples, [row]) for name in chosen}
        return self._completed(values, row)

    def read_many(self, samples: range, rows: Sequence[Mapping[str, Any]]) -> Iterator[Values]:
        """Arrays of all samples of a shard, read at once; raises as `read`."""
        within = slice(samples.start, samples.stop)
        blocks = {name: self._values(name, within, samples, rows) for name in self._arrays}
        return (
            self._completed({name: blocks[name][_at(i, _extent(name, row))].copy() for name in self._names(row)}, row)
            for i, row in enumerate(rows[: len(samples)])
        )

    def pack(self, samples: Sequence[Sample]) -> Values:
        """Arrays of several samples, padded, one row each.

        Raises
        ------
        UserError
            If a sample does not fit.
        """
        blocks = {
            name: np.full((len(samples), *array.shape[1:]), array.fill_value, array.dtype)
            for name, array in self._arrays.items()
        }
        for i, sample in enumerate(samples):
            self._check(sample)
            values = {"labels": sample.labels, "known": sample.known, **sample.maps, **sample.arrays}
            values["images"] = as_dtype(sample.micrograph, self.dtype)
            for name, block in blocks.items():
                if (value := values[name]) is not None:
                    block[_at(i, value.shape)] = value
        return blocks

    def write(self, start: int, blocks: Values) -> None:
        """Write packed arrays from sample number `start` on."""
        for name, block in blocks.items():
            self._arrays[name][start : start + len(block)] = block

    def _is_lost(self, name: str, shard: int, rows: Sequence[Mapping[str, Any]]) -> bool:
        must = self._every_file or name == "images" or (name == "labels" and any(map(_has_particles, rows)))
        return must and is_lost(shard_file(self._path, self._arrays[name], shard))

    def _values(self, name: str, at: Any, samples: range, rows: Sequence[Mapping[str, Any]]) -> npt.NDArray[Any]:
        array = self._arrays[name]
        shard = samples.start // (array.shards or array.chunks)[0]
        self.check(name, shard, samples, rows)
        with reading(self._path, array, shard, samples):
            return np.asarray(array[at])

    def _names(self, row: Mapping[str, Any]) -> list[str]:
        return [name for name in self._arrays if name != "known" or row["known"]]

    def _completed(self, values: Values, row: Mapping[str, Any]) -> Values:
        """Add what the schema leaves out: an empty image, labels that are all unknown."""
        if not self._schema.image:
            values["images"] = np.zeros((0, 0), np.uint8)
        if not self._schema.labels:
            values |= {"labels": np.zeros(row["shape"], np.uint32), "known": np.zeros(row["shape"], np.bool_)}
        return values

    def _check(self, sample: Sample) -> None:
        if any(side > limit for side, limit in zip(sample.micrograph.shape, self.shape, strict=True)):
            raise UserError(
                f"{sample.name} has shape {sample.micrograph.shape}; this dataset allows up to {self.shape}.",
                "Cut it into tiles, or create the dataset with a larger shape.",
            )
        if sample.labels.dtype != np.uint32:
            raise ValueError(f"labels are {sample.labels.dtype}, not uint32")
        self._schema.check(sample)


def _has_particles(row: Mapping[str, Any]) -> bool:
    """Whether the truth of a sample lists particles."""
    return bool(row["truth"] and row["truth"].get("label", {}).get("values"))


def _extent(name: str, row: Mapping[str, Any]) -> Sequence[int]:
    """Shape of a sample's array."""
    shape: Sequence[int] = row.get("shapes", {}).get(name, row["shape"])
    return shape


def _at(index: int, shape: Sequence[int]) -> Any:
    """Index of the values of a sample in a padded array."""
    return (index, *map(slice, shape))


def as_dtype(micrograph: Micrograph, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """(Y, X) pixels as another data type, without overflow; colours become grey, rounded for integer types.

    Raises
    ------
    UserError
        If a value is out of range, or is not an integer although the type requires it.
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
            f"{micrograph.name} contains {pixels[y, x]} at row {y}, column {x}, which {target} cannot represent.",
            "Create the dataset with a larger data type, such as float32.",
        )
    return cast
