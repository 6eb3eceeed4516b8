"""Weights of networks that come from files: as many as they should be, of the right shape, and finite."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor, nn

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
    UnpicklingError,
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


def stored_tensors(path: Path) -> Mapping[str, Tensor]:
    """Read the tensors of a file of torch, by name, on the CPU; nothing in it is run.

    Raises
    ------
    UserError
        If the file is missing or broken.
    """
    import torch

    with broken_weights(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on files that are none of torch
        stored = torch.load(path, map_location="cpu", weights_only=True)
        return {str(name): tensor for name, tensor in stored.items() if isinstance(tensor, torch.Tensor)}


def save_weights(net: nn.Module, path: Path) -> None:
    """Write all weights of a network to a file of torch."""
    import torch

    whole = io.BytesIO()  # torch does not say why it could not write
    torch.save(net.state_dict(), whole)
    with atomic_write(path) as temporary:
        temporary.write_bytes(whole.getbuffer())


def load_weights(net: nn.Module, path: Path) -> None:
    """Fill a network with what `save_weights` wrote.

    Raises
    ------
    UserError
        If the file is missing or broken, or its weights are not exactly those of this network, or not finite.
    """
    import torch

    stored, own = stored_tensors(path), net.state_dict()
    if odd := sorted(stored.keys() ^ own.keys()):
        where = "misses" if odd[0] in own else "holds in addition"
        raise UserError(f"{path} does not belong to this network: it {where} {odd[0]}.", COPY)
    for name, tensor in own.items():
        values = checked_weights(stored[name].numpy(), tuple(tensor.shape), f"{path}: {name}")
        tensor.copy_(torch.from_numpy(np.array(values)))
