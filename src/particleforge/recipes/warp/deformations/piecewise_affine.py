"""Warp by a triangle mesh."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw
from particleforge.recipes.warp.deformations.deformation import Deformation, Mapping
from particleforge.recipes.warp.nodes import displaced, intervals
from particleforge.sample import Sample


class PiecewiseAffine(Deformation):
    """Angular random warp: a grid of nodes, each cell two triangles, is jittered; every triangle moves affinely.

    A triangle with two sides along the grid keeps its orientation if no node moves by a quarter of the spacing,
    hence the limit of `amplitude`: nothing folds over. The frame is kept: its border slides along itself, so
    nothing leaves or enters and no pixel is made up.
    """

    kind: Literal["piecewise_affine"] = "piecewise_affine"
    spacing_diameters: Annotated[Draw, PerImage(), Within(0.1, 100)] = Field(
        Uniform(low=1.0, high=2.0),
        description="Distance between nodes in median particle diameters; at least 4 px.",
    )
    amplitude: Annotated[Draw, PerImage(), Within(0, 0.24)] = Field(
        Uniform(low=0.12, high=0.24),
        description="Largest move of a node along Y and X as a share of their spacing; "
        "from 0.25 on triangles could fold over.",
    )

    def mapping(self, sample: Sample, rng: np.random.Generator) -> Mapping:
        """Draw the displacements of the nodes, uniform up to the amplitude."""
        counts = intervals(sample, draw(self.spacing_diameters, rng))
        moves = rng.uniform(-1, 1, (2, counts[0] + 1, counts[1] + 1)) * draw(self.amplitude, rng)
        moves[0, [0, -1]] = 0
        moves[1, :, [0, -1]] = 0
        return Mapping(displaced([_between(move.astype(np.float32), sample.labels.shape) for move in moves], counts))


def _between(move: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Interpolate node values linearly in each of the two triangles of every cell.

    In a cell with fractions y, x and twist T = v00 - v01 - v10 + v11 the bilinear value contains y * x * T where the
    value on triangles cut along the diagonal y = x contains min(y, x) * T; the rest is equal.
    """
    places = [np.linspace(0, count - 1, length) for length, count in zip(shape, move.shape, strict=True)]
    cells = [np.minimum(place.astype(np.intp), count - 2) for place, count in zip(places, move.shape, strict=True)]
    y, x = ((place - cell).astype(np.float32) for place, cell in zip(places, cells, strict=True))
    by_row, by_column = (
        np.maximum(0, 1 - np.abs(place[:, None] - np.arange(count))).astype(np.float32)
        for place, count in zip(places, move.shape, strict=True)
    )
    twist = np.diff(np.diff(move, axis=0), axis=1)[np.ix_(*cells)]
    smooth: npt.NDArray[np.float32] = by_row @ move @ by_column.T
    bend: npt.NDArray[np.float32] = (np.minimum(y[:, None], x) - y[:, None] * x) * twist
    return smooth + bend
