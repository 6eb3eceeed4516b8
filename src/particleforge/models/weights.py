"""Weights of networks that come from files: as many as they should be, of the right shape, and finite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError

if TYPE_CHECKING:
    from torch import nn

NetT = TypeVar("NetT", bound="nn.Module")

MOST_WEIGHTS = 200_000_000
"""Most weights of a network; the bundled ones have less than two million."""
COPY = "Copy the model folder again, or train the model again."
_BROKEN = (
    OSError,
    EOFError,
    BadZipFile,
    ZlibError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RuntimeError,
    NotImplementedError,
    MemoryError,  # a broken header can request any size
)


@contextmanager
def broken_weights(path: Path) -> Iterator[None]:
    """Turn all errors of libraries that read a broken file into a `UserError`.

    Raises
    ------
    UserError
        Naming the file and whether it is missing.
    """
    try:
        yield
    except _BROKEN as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} {f'is broken ({why})' if path.is_file() else 'is missing'}.", COPY) from error


def of_bearable_size(make: Callable[[], NetT], described_in: Path) -> NetT:
    """Build a network, unless it would be absurdly large.

    Parameters
    ----------
    make
        Builds it.
    described_in
        File with its sizes, for messages.

    Raises
    ------
    UserError
        If it would have more than `MOST_WEIGHTS` weights.
    """
    import torch

    with torch.device("meta"):  # shapes only
        count = sum(tensor.numel() for tensor in make().state_dict().values())
    if count > MOST_WEIGHTS:
        raise UserError(
            f"{described_in} describes a network with {count / 1e6:.0f} million weights; at most "
            f"{MOST_WEIGHTS / 1e6:.0f} million are possible.",
            COPY,
        )
    with torch.random.fork_rng(devices=[]):
        return make()


def checked_weights(values: Any, shape: tuple[int, ...], where: str) -> npt.NDArray[Any]:
    """Return weights from a file if they can be used.

    Parameters
    ----------
    values
        An array, or what reads one when it is indexed.
    shape
        Shape they must have.
    where
        File and name of the weights, for messages.

    Raises
    ------
    UserError
        If they have another shape, are not numbers, or not all of them are finite in 32 bits.
    """
    if tuple(values.shape) != shape:
        raise UserError(f"{where} has shape {tuple(values.shape)}, not {shape}.", COPY)
    if values.dtype.kind not in "fiu":
        raise UserError(f"{where} holds {values.dtype}; it must be numbers.", COPY)
    with np.errstate(over="ignore"):
        found = np.asarray(values[()])
        found = found if found.dtype.kind in "iu" else found.astype(np.float32)
    if bad := int((~np.isfinite(found)).sum()):
        raise UserError(f"{where} holds {bad} of {found.size} numbers that are not finite (NaN or infinite).", COPY)
    return found
