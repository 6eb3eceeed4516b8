"""Boundaries that are cubic curves."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.grains.edges.edges import Edges, Places
from particleforge.recipes.grains.kernels import Bends, Floats, Ints
from particleforge.recipes.grains.tessellation import Tessellation


class Splines(Edges):
    """Each boundary between two triple points is a cubic curve whose two inner control points are displaced.

    As by Trampert et al., Crystals 2021, 11, 258.
    """

    kind: Literal["splines"] = "splines"
    amplitude: Annotated[Draw, PerImage(), Within(0, 0.2)] = Field(
        Uniform(low=0.0, high=0.12),
        description="Standard deviation of the displacement across the boundary, in its lengths.",
    )

    def bend(
        self, tessellation: Tessellation, places: Places, diameter_px: float, rng: np.random.Generator
    ) -> tuple[Places, Bends]:
        """Displace the control points of every edge, at most by two standard deviations."""
        pairs, start, end = edges(tessellation)
        length = np.hypot(*(end - start).T)
        control = np.clip(rng.standard_normal((len(pairs), 2)), -2, 2) * (number(self.amplitude) * length)[:, None]
        order = np.argsort(np.concatenate([pairs[:, 0], pairs[:, 1]]), kind="stable")
        both = np.concatenate([pairs, pairs[:, ::-1]])[order]
        first = np.searchsorted(both[:, 0], np.arange(len(tessellation.net.sites) + 1))
        start, end = (np.tile(ends, (2, 1))[order] for ends in (start, end))
        signed = np.concatenate([control, -control])[order]
        return places, Bends(first, both[:, 1].copy(), start, end, signed)


def edges(tessellation: Tessellation) -> tuple[Ints, Floats, Floats]:
    """Edges between the cells of a diagram, as the lower hull of its sites lifted onto a paraboloid has them.

    Returns
    -------
    pairs : (e, 2) int
        Cells on both sides.
    start, end : (e, 2) float
        y and x of the corners between which it runs.
    """
    from scipy.spatial import ConvexHull

    sites, weights = tessellation.net.sites, tessellation.net.weights
    middle = sites.mean(0)
    lifted = np.column_stack([sites - middle, ((sites - middle) ** 2).sum(1) - weights])
    hull = ConvexHull(lifted)
    lower = hull.equations[:, 2] < -1e-12
    corners = middle - hull.equations[:, :2] / np.where(lower, 2 * hull.equations[:, 2], 1)[:, None]
    facet = np.repeat(np.arange(len(lower)), 3)
    beyond = hull.neighbors.ravel()
    kept = lower[facet] & lower[beyond] & (facet < beyond)
    opposite = np.tile(np.arange(3), len(lower))
    one = hull.simplices[facet, (opposite + 1) % 3][kept]
    two = hull.simplices[facet, (opposite + 2) % 3][kept]
    return np.column_stack([one, two]).astype(np.int64), corners[facet[kept]], corners[beyond[kept]]
