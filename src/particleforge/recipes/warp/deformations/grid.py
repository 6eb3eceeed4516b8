"""Smooth warp by a grid of control nodes."""

from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.interpolate import BSpline

from particleforge.draws import Draw, PerImage, Uniform, Within, draw
from particleforge.recipes.warp.deformations.deformation import Deformation, Mapping
from particleforge.recipes.warp.nodes import displaced, intervals
from particleforge.sample import Sample


class GridWarp(Deformation):
    """Smooth random warp: the control nodes of a cubic B-spline grid move, and the image follows.

    A uniform cubic B-spline map of the plane is one-to-one if no control node moves further than 1/2.0464 of the
    spacing (Choi & Lee, Graphical Models 62 (2000) 411), hence the limit of `amplitude`: nothing folds over.
    The frame is kept: its border slides along itself, so nothing leaves or enters and no pixel is made up.
    """

    kind: Literal["grid"] = "grid"
    spacing_diameters: Annotated[Draw, PerImage(), Within(0.1, 100)] = Field(
        Uniform(low=1.0, high=2.0),
        description="Distance between control nodes in median particle diameters; at least 4 px.",
    )
    amplitude: Annotated[Draw, PerImage(), Within(0, 0.48)] = Field(
        Uniform(low=0.3, high=0.48),
        description="Largest move of a control node along Y and X as a share of their spacing; "
        "above 0.48 the image could fold over.",
    )

    def mapping(self, sample: Sample, rng: np.random.Generator) -> Mapping:
        """Draw the displacements of the control nodes, uniform up to the amplitude."""
        counts = intervals(sample, draw(self.spacing_diameters, rng))
        moves = rng.uniform(-1, 1, (2, counts[0] + 3, counts[1] + 3)) * draw(self.amplitude, rng)
        _keep_border(moves[0])
        _keep_border(moves[1].T)
        by_row, by_column = (_weights(n, k) for n, k in zip(sample.labels.shape, counts, strict=True))
        return Mapping(displaced([(by_row @ move @ by_column.T).astype(np.float32) for move in moves], counts))


def _keep_border(move: npt.NDArray[np.float64]) -> None:
    """Make the spline of control values vanish on the first and last line: odd mirror images about them."""
    move[1] = move[-2] = 0
    move[0], move[-1] = -move[2], -move[-3]


def _weights(length: int, count: int) -> npt.NDArray[Any]:
    """(length, count + 3) weight of every control node, one of them beyond each end, at every pixel."""
    knots = np.arange(-3, count + 4, dtype=float)
    return BSpline.design_matrix(np.linspace(0, count, length), knots, 3).toarray()
