"""Boxes that are tried, from the boxes of the particles."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.models.maskrcnn.config import LONG, ROUND
from particleforge.models.patches import Source
from particleforge.models.whole import whole_particles
from particleforge.sample import Sample

SMALLEST, LARGEST = 5, 95
"""Percentiles of the sizes between which boxes are tried."""
LONGEST = 99.5
"""Percentile of the longer sides that counts as the longest."""
ELONGATED = 2.0
"""A tenth of the boxes must be more elongated than this for long boxes to be tried."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of particles.

    Parameters
    ----------
    sides_px
        (n, 2) heights and widths at working scale.
    """

    sides_px: npt.NDArray[np.float64]

    def sizes(self, levels: int) -> tuple[float, ...]:
        """Sides of squares with the areas of these boxes, one for each level, in equal ratios."""
        low, high = np.percentile(np.sqrt(self.sides_px.prod(1)), (SMALLEST, LARGEST))
        high = max(high, low * 2 ** ((levels - 1) / 2))
        return tuple(round(float(size), 1) for size in np.geomspace(low, high, levels))

    @property
    def ratios(self) -> tuple[float, ...]:
        """Height divided by width of the boxes to try."""
        elongation = np.exp(np.abs(np.log(self.sides_px[:, 0] / self.sides_px[:, 1])))
        return LONG if np.percentile(elongation, 90) > ELONGATED else ROUND

    @property
    def longest_px(self) -> float:
        """Longer side of nearly the longest box."""
        return float(np.percentile(self.sides_px.max(1), LONGEST))


def boxes_of(samples: Sequence[Sample], scale_of: Callable[[Sample], float]) -> Boxes:
    """Boxes of all particles of annotated samples, at working scale."""
    found = []
    for sample in samples:
        scale = scale_of(sample)
        outlines = None if sample.outlines is None else {one.label: one.points_px for one in sample.outlines}
        source = Source(sample.micrograph.grey, sample.labels, outlines=outlines)
        found += [
            [scale * (np.ptp(rows) + 1), scale * (np.ptp(columns) + 1)]
            for rows, columns in whole_particles(source).values()
        ]
    return Boxes(np.array(found, float)) if found else Boxes(np.full((1, 2), math.sqrt(256.0)))
