"""An image as its looks are described."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Greys = npt.NDArray[np.float32]

SIDE_PX = 96
"""Side of the crops that are described."""
PARTICLE_PX = 24.0
"""Median diameter of the particles at the scale at which images are described."""


@dataclass(frozen=True, eq=False)
class View:
    """An image at working scale, without what the instrument burnt into it.

    Parameters
    ----------
    crops
        (k, `SIDE_PX`, `SIDE_PX`) grey values, 0 and 1 at two percentiles of the image.
    middle
        (Y, X) grey values of a larger part of the image.
    labels
        (Y, X) ids of the particles found in `middle`.
    encode
        Returns what each level of a network makes of (k, Y, X) grey values, as (k, channels, y, x), the finest first.
    given
        (1, d) what a network of the user makes of the image; None if there is no such network.
    """

    crops: Greys
    middle: Greys
    labels: npt.NDArray[np.integer]
    encode: Callable[[Greys], Sequence[Greys]]
    given: Greys | None = None

    @cached_property
    def levels(self) -> Sequence[Greys]:
        """What each level of the network makes of the crops."""
        return self.encode(self.crops)
