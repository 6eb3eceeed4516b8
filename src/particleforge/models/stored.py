"""Models on disk: a note of how they are used, and the weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from particleforge.models.weights import load_weights, of_bearable_size, save_weights
from particleforge.params import Params
from particleforge.store.files import atomic_write

if TYPE_CHECKING:
    from torch import nn

NetT = TypeVar("NetT", bound="nn.Module")
WEIGHTS = "weights.pt"


def write_stored(net: nn.Module, note: Params, path: Path) -> None:
    """Write a model to the folder of its note; the note last, so that it means a complete model.

    Parameters
    ----------
    net
        The network.
    note
        How it is used.
    path
        File of the note.
    """
    save_weights(net, path.parent / WEIGHTS)
    with atomic_write(path) as part:
        part.write_text(note.to_yaml(), encoding="utf-8")


def read_weights(build: Callable[[], NetT], path: Path) -> NetT:
    """Build the network that a note describes, with its weights, ready for use.

    Parameters
    ----------
    build
        Builds it.
    path
        File of the note.

    Raises
    ------
    UserError
        If the network would be absurdly large, or its weights are missing or broken.
    """
    net = of_bearable_size(build, path)
    load_weights(net, path.parent / WEIGHTS)
    return net.eval()
