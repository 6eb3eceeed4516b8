"""How far an annotation has progressed, and what it still needs before a model can learn from it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.store.labels import border_ids

ENOUGH_PARTICLES = 6
"""Whole particles needed to start; fewer give one example of each shape at most."""
LEAST_AREA_PX = 12
"""Smaller particles have no shape to learn from; the same value as in the cut-paste recipe."""
STROKE_PX = 8
"""Side of a square of certain background that shows its texture."""
PLACES = 4
"""Number of such squares needed to start."""


@dataclass(frozen=True)
class Annotated:
    """What is annotated in one image, or in several together.

    Parameters
    ----------
    particles
        Number of them.
    border
        Number of these that touch the border: their size is not known and they are not cut out.
    small
        Number of the others that have fewer than `LEAST_AREA_PX` pixels.
    background
        Whether enough background is known: from strokes, or because every particle is annotated.
    """

    particles: int
    border: int
    small: int
    background: bool

    @property
    def whole(self) -> int:
        """Number of particles that are complete and large enough to learn from."""
        return self.particles - self.border - self.small

    @property
    def ready(self) -> bool:
        """Whether nothing more is needed."""
        return not self.needed

    @property
    def needed(self) -> str:
        """What is still needed, in plain words; empty if nothing is."""
        requests = []
        if missing := max(0, ENOUGH_PARTICLES - self.whole):
            more = "more " if self.whole else ""
            whole = f"{missing} {more}whole particle{'s' * (missing != 1)}"
            requests.append(f"Confirm or draw {whole}; {ENOUGH_PARTICLES} are enough to start.")
        if not self.background:
            requests.append('Brush some background or tick "every particle is annotated".')
        return " ".join(requests)


def annotated(labels: npt.NDArray[np.uint32], background: npt.NDArray[np.bool_] | None) -> Annotated:
    """Count what is annotated in one image.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = no labelled particle.
    background
        (Y, X) bool, strokes where there is certainly no particle; None if every particle is annotated.
    """
    ids, areas = np.unique(labels[labels > 0], return_counts=True)
    border = np.isin(ids, border_ids(labels))
    known = background is None or _shows_background(background & (labels == 0))
    return Annotated(len(ids), int(border.sum()), int((areas[~border] < LEAST_AREA_PX).sum()), known)


def together(images: Iterable[Annotated]) -> Annotated:
    """Add up what is annotated in several images; background in one of them is enough."""
    found = list(images)
    return Annotated(
        sum(image.particles for image in found),
        sum(image.border for image in found),
        sum(image.small for image in found),
        any(image.background for image in found),
    )


def _shows_background(free: npt.NDArray[np.bool_]) -> bool:
    """Whether enough squares of background fit in it."""
    down, across = np.flatnonzero(free.any(1)), np.flatnonzero(free.any(0))
    if not len(down):
        return False
    free = free[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    if min(free.shape) < STROKE_PX:
        return False
    rows = ndimage.minimum_filter1d(free.view(np.uint8), STROKE_PX, 1, mode="constant")
    squares = ndimage.minimum_filter1d(rows, STROKE_PX, 0, mode="constant")
    return int(np.count_nonzero(squares)) >= PLACES
