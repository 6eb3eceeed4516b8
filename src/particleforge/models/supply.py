"""Training patches prepared by worker processes for varying on a graphics card."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from particleforge.compute import Local, Lost
from particleforge.models.patches import Augment, Source, draw_patch, mixed
from particleforge.seeds import stream

PER_CHUNK = 16
MOST_CHUNKS = 1_000_000
STILL = Augment(scale=1, turned=0, gamma=1, gain=1, offset=0, shading=0, noise=0, blur_sigma_px=0)
"""Flips and rotations by 90° only."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some patches.

    Parameters
    ----------
    images
        (N, Y, X) normalised grey values, in 16 bits to save memory.
    codes
        (N, Y, X) instance ids, 0 = background; the id i is stored as -1 - i where the image is not annotated.
    """

    images: npt.NDArray[np.float16]
    codes: npt.NDArray[np.int16]


def chunks(groups: Sequence[tuple[Sequence[Source], float]], size: int, seed: int, workers: int) -> Iterator[Chunk]:
    """Endless chunks of patches without other variation than flips, made by several processes.

    Parameters
    ----------
    groups
        Sources and their shares; picklable.
    size
        Side of the patches.
    seed
        Seed of the choice of sources and places.
    workers
        Number of processes; a process that dies is replaced.
    """
    make = partial(_chunk, tuple(groups), size, seed)
    for _, made in Local(workers).each(make, range(MOST_CHUNKS)):
        if not isinstance(made, Lost):
            yield made


def _chunk(groups: Sequence[tuple[Sequence[Source], float]], size: int, seed: int, number: int) -> Chunk:
    """Chunk of a number, always the same."""
    rng = stream(seed, "supply", number)
    patches = [draw_patch(mixed(groups, rng), size, STILL, rng) for _ in range(PER_CHUNK)]
    codes = np.zeros((PER_CHUNK, size, size), np.int16)
    for code, patch in zip(codes, patches, strict=True):
        ids = np.unique(patch.labels, return_inverse=True)[1].reshape(size, size) + (patch.labels.min() > 0)
        code[:] = ids if patch.known is None else np.where(patch.known, ids, -1 - ids)
    return Chunk(np.stack([patch.image for patch in patches]).astype(np.float16), codes)
