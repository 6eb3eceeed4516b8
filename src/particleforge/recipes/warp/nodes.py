"""The control grid of deformations that keep the frame."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.recipes.warp.particles import median_diameter_px
from particleforge.sample import Sample

Floats: TypeAlias = npt.NDArray[np.float32]

SMALLEST_SPACING_PX = 4.0
"""Closer nodes would shift single pixels instead of deforming particles."""


def intervals(sample: Sample, spacing_diameters: float) -> tuple[int, int]:
    """Return the numbers of grid intervals that fit into height and width.

    Without labels, an eighth of the shorter side is taken as the median diameter.
    """
    shape = sample.labels.shape
    diameter = median_diameter_px(sample.labels) or min(shape) / 8
    spacing = max(diameter * spacing_diameters, SMALLEST_SPACING_PX)
    rows, columns = (max(2, round((length - 1) / spacing)) for length in shape)  # one would pin every node
    return rows, columns


def displaced(moves: list[Floats], counts: tuple[int, int]) -> Floats:
    """(2, Y, X) position in the source of every pixel, from displacements along Y and X in grid intervals."""
    height, width = moves[0].shape
    y = np.arange(height, dtype=np.float32)[:, None] + moves[0] * np.float32((height - 1) / counts[0])
    x = np.arange(width, dtype=np.float32) + moves[1] * np.float32((width - 1) / counts[1])
    return np.stack([np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)])
