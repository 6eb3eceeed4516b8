"""The files of a dataset's arrays: one that is missing, empty or damaged is an error, never a block of zeros."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zarr

from particleforge.errors import UserError
from particleforge.store.unreadable import BROKEN

AGAIN = "`synthesize` with the same arguments draws lost samples again; import an imported dataset again."


def shard_file(path: Path, array: zarr.Array[Any], shard: int) -> Path:
    """File of a shard in a dataset.

    Parameters
    ----------
    path
        Folder of the dataset.
    array
        An array whose shards hold everything but some of the samples.
    shard
        Number of the shard.
    """
    return path / array.path / array.metadata.encode_chunk_key((shard,) + (0,) * (array.ndim - 1))


def is_lost(file: Path) -> bool:
    """Whether the file of a shard is missing or empty."""
    return not file.is_file() or not file.stat().st_size


def lost(path: Path, array: zarr.Array[Any], shard: int, samples: range) -> UserError:
    """Error for the file of a shard that is missing or empty; for the other arguments see `shard_file`."""
    file = shard_file(path, array, shard)
    state = "is empty" if file.is_file() else "is missing"
    return UserError(f"{_what(path, array, samples)} is lost: {file} {state}.", f"Make them again: {AGAIN}")


@contextmanager
def reading(path: Path, array: zarr.Array[Any], shard: int, samples: range) -> Iterator[None]:
    """Turn errors of zarr on a damaged file into a `UserError` that names dataset, array and samples."""
    try:
        yield
    except BROKEN as error:
        file = shard_file(path, array, shard)
        raise UserError(
            f"{_what(path, array, samples)} cannot be read: {file} is damaged "
            f"({(str(error) or type(error).__name__).splitlines()[0]}).",
            f"Delete this file, then make its samples again: {AGAIN}",
        ) from error


def _what(path: Path, array: zarr.Array[Any], samples: range) -> str:
    return f"{path}: the array {array.path} of samples {samples[0]} to {samples[-1]}"
