"""What was computed of an image, as a file that an interrupted run continues from."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.store.files import atomic_write

Arrays = dict[str, npt.NDArray[Any]]
_KEY = "key"


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]], key: str) -> None:
    """Write arrays by name.

    Parameters
    ----------
    path
        The file, NAME.npz.
    arrays
        Arrays of numbers.
    key
        Text that identifies what they were computed from, and how.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_KEY: np.array(key), **arrays})


def read_arrays(path: Path, key: str) -> Arrays | None:
    """Read arrays by name; None if there is no such file, it is damaged, or it has another key."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file[_KEY]) != key:
                return None
            return {name: file[name] for name in file.files if name != _KEY}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
