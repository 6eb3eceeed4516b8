"""Smooth random surfaces."""

import math

import numpy as np
import numpy.typing as npt

from particleforge.recipes import kernels

Floats = npt.NDArray[np.float32]
_SPLINE_SD = 0.55
"""Standard deviation of a quadratic B-spline surface with independent nodes of 1: 11/20 is the mean sum of the squared
weights along one axis, whose root enters once for each of the two."""


def smooth_noise(shape: tuple[int, int], scale_px: float, rng: np.random.Generator) -> Floats:
    """(Y, X) Gaussian noise of standard deviation about 1 with bumps about `scale_px` wide."""
    out = np.zeros(shape, np.float32)
    _add(out, max(scale_px / 2, 1.0), 1.0, rng)
    return out


def cloud(shape: tuple[int, int], coarsest_px: float, finest_px: float, rng: np.random.Generator) -> Floats:
    """(Y, X) noise of standard deviation about 1 with bumps from fine to coarse, of similar height in each octave."""
    octaves = max(1, 1 + round(math.log2(max(coarsest_px / finest_px, 1))))
    strengths = rng.uniform(0.3, 1, octaves)
    strengths /= np.sqrt((strengths**2).sum())
    out = np.zeros(shape, np.float32)
    for octave, strength in enumerate(strengths):
        _add(out, max(coarsest_px / 2 ** (octave + 1), 1.0), float(strength), rng)
    return out


def _add(out: Floats, scale: float, gain: float, rng: np.random.Generator) -> None:
    nodes = rng.standard_normal([int(n / scale) + 4 for n in out.shape], np.float32)
    kernels.spread(nodes, scale, (rng.random(), rng.random()), out, gain / _SPLINE_SD)
