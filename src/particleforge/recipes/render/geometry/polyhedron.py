"""Regular polyhedra."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Floats, Mesh, rounded, sphere


class Polyhedron(Geometry):
    """A regular polyhedron with rounded edges, like many crystals."""

    kind: Literal["polyhedron"] = "polyhedron"
    solid: Literal[
        "tetrahedron", "octahedron", "dodecahedron", "icosahedron", "cuboctahedron", "truncated_octahedron"
    ] = Field("octahedron", description="Kind of polyhedron.")
    rounding: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        Uniform(low=0.05, high=0.25),
        description="Edge radius relative to the distance of the corners from the centre.",
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return all points within the edge radius of a smaller polyhedron."""
        radius = draw(self.rounding, rng)
        return rounded(_corners(self.solid) * (1 - radius), radius, level)


def _corners(solid: str) -> Floats:
    """Corners of a solid at distance 1 from its centre."""
    golden = (1 + 5**0.5) / 2
    if solid == "tetrahedron":
        corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], float)
    elif solid == "icosahedron":
        corners = sphere(0).vertices
    elif solid == "dodecahedron":
        corners = np.concatenate([_signed([(1, 1, 1)]), _signed(_cyclic((0, 1 / golden, golden)))])
    else:
        first = {"octahedron": (1, 0, 0), "cuboctahedron": (1, 1, 0), "truncated_octahedron": (0, 1, 2)}[solid]
        corners = _signed([*_cyclic(first), *_cyclic(first[::-1])])
    return np.asarray(corners / np.linalg.norm(corners, axis=1, keepdims=True), float)


def _cyclic(point: tuple[float, ...]) -> list[tuple[float, ...]]:
    return [point[k:] + point[:k] for k in range(3)]


def _signed(points: list[tuple[float, ...]]) -> Floats:
    """Points with all combinations of signs, each once."""
    signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    return np.unique((np.array(points, float)[:, None] * signs).reshape(-1, 3) + 0.0, axis=0)
