"""The interface of shadings."""

from abc import abstractmethod
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.params import Params
from particleforge.registry import Kinds

Floats = npt.NDArray[np.float64]
LEVELS = 32
"""Number of steps of a profile."""


class Shading(Params):
    """A distribution of profiles from the outline of a particle to its centre."""

    @abstractmethod
    def profiles(self, rng: np.random.Generator, count: int) -> Floats:
        """(count, `LEVELS`) relative contrast at even steps of depth: 0 = like the background, 1 = full contrast.

        Depth is the distance to the outline relative to the largest distance inside it.
        """


AnyShading: TypeAlias = Annotated[Shading, Kinds(Shading)]


def depths() -> Floats:
    """Depths of the steps of a profile."""
    return np.linspace(0, 1, LEVELS)
