"""Masks that Cellpose saves as ``NAME_seg.npy``, read without running what such a file could hold."""

import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.labels import as_labels
from particleforge.store.unreadable import unreadable

ENDING = "_seg.npy"
_HINT = "Save the masks in Cellpose as PNG or TIFF."
_PARTS = {"_reconstruct", "scalar", "ndarray", "dtype", "encode"}
_MODULES = {"numpy", "numpy.core.multiarray", "numpy._core.multiarray", "_codecs"}


class _Arrays(pickle.Unpickler):
    """Makes arrays and plain data only."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse everything that is not part of an array."""
        if module not in _MODULES or name not in _PARTS:
            raise pickle.UnpicklingError(f"it holds {module}.{name}")
        return super().find_class(module, name)


def read_cellpose(path: Path) -> npt.NDArray[np.uint32]:
    """Read the (Y, X) masks of a file that Cellpose saved.

    Raises
    ------
    UserError
        If it cannot be read, or holds no masks of one image.
    """
    with unreadable(path, _HINT), path.open("rb") as file:
        data = _content(file)
    masks = data.get("masks") if isinstance(data, dict) else None
    if not isinstance(masks, np.ndarray):
        raise UserError(f"{path} holds no masks of Cellpose.", _HINT)
    return as_labels(masks, str(path))


def _content(file: BinaryIO) -> Any:
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)  # type: ignore[no-untyped-call]
    if shape != () or not dtype.hasobject:
        raise ValueError("it holds an array")
    found = _Arrays(file).load()
    return found.item() if isinstance(found, np.ndarray) and found.shape == () else found
