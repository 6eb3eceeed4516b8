"""The interface of geometries."""

from abc import abstractmethod
from typing import Annotated, TypeAlias

import numpy as np

from particleforge.params import Params
from particleforge.recipes.render.mesh import Mesh
from particleforge.registry import Kinds


class Geometry(Params):
    """A distribution of closed bodies."""

    kind: str

    @abstractmethod
    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return one body of any size and position; its longest axis is x and its shortest z, if they differ.

        Parameters
        ----------
        rng
            Chooses the shape.
        level
            Fineness: a sphere has 20 * 4**level triangles.
        """

    def draw(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return one body centred on its centre of mass, with the volume of a sphere of diameter 1."""
        return self.trace(rng, level).normalised()


AnyGeometry: TypeAlias = Annotated[Geometry, Kinds(Geometry)]
