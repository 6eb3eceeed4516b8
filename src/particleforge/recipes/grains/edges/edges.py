"""The interface of the courses of grain boundaries."""

from abc import abstractmethod
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.params import Params
from particleforge.recipes.grains.kernels import Bends
from particleforge.recipes.grains.tessellation import Tessellation
from particleforge.registry import Kinds

Places = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
_NONE = np.zeros((0, 2))
STRAIGHT = Bends(np.zeros(1, np.int64), np.zeros(0, np.int64), _NONE, _NONE, _NONE)
"""Edges without curves."""


class Edges(Params):
    """How boundaries run between the points where three grains meet."""

    kind: str

    @abstractmethod
    def bend(
        self, tessellation: Tessellation, places: Places, diameter_px: float, rng: np.random.Generator
    ) -> tuple[Places, Bends]:
        """Bend the boundaries of a diagram.

        Parameters
        ----------
        tessellation
            The diagram.
        places
            (Y, X) y and x of each pixel in it.
        diameter_px
            Diameter of a grain of mean area, in pixels.
        rng
            Chooses the bends.

        Returns
        -------
        places, bends
            Where each pixel is to be looked up, and curves in place of straight edges.
        """


AnyEdges: TypeAlias = Annotated[Edges, Kinds(Edges, role="course of boundaries")]
