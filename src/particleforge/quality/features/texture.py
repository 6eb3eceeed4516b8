"""Texture: responses to log-Gabor filters of five octaves and six directions, and quantiles of the grey values.

Field, Relations between the statistics of natural images and the response properties of cortical cells, J. Opt. Soc.
Am. A 4, 2379 (1987). Ratios of the second order are those of scattering transforms (Mallat, 2012).
"""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.quality.view import SIDE_PX, Greys, View

Waves: TypeAlias = npt.NDArray[np.complexfloating]
T = TypeVar("T", bound=np.generic)

STANDARDISED = True
WAVELENGTHS_PX = (3.0, 6.0, 12.0, 24.0, 48.0)
DIRECTIONS = 6
BANDWIDTH = 0.65
"""Ratio of the standard deviation of a filter to its middle frequency, on a logarithmic axis."""
SPREAD_DEG = 18.0
"""Standard deviation of a filter in its direction."""
QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
MARGIN_PX = 16
"""Crops are mirrored this far beyond their edges."""
LEAST = 1e-3
"""Amplitude below which there is nothing, as a share of the range of grey values."""


def compute(view: View) -> Floats:
    """Return 57 numbers for each crop.

    These are, by octave, the logarithm of the mean amplitude in each direction, the strongest first, so that a turned
    crop has the same; its variation; the skewness of the filtered crop, which is where bright and dark particles
    differ, as its inverse hyperbolic sine, since it may be large; by pair of octaves, how strongly the amplitude of the
    finer one varies at the coarser one; and quantiles of the grey values.
    """
    rings, wedges = _filters()
    spectrum = _spectrum(np.pad(view.crops, ((0, 0), *[(MARGIN_PX, MARGIN_PX)] * 2), mode="reflect"))
    found: list[npt.NDArray[np.floating]] = []
    amplitudes = []
    for ring in rings:
        strong = np.stack([np.abs(_filtered(spectrum, ring * wedge)) for wedge in wedges])
        found.append(-np.sort(-_log(_inner(strong).mean((2, 3))), axis=0).T)
        amplitudes.append(strong.mean(0))
        band = _inner(_filtered(spectrum, ring).real)
        band = band - band.mean((1, 2), keepdims=True)
        spread = np.maximum(band.std((1, 2)), LEAST)
        own = _inner(amplitudes[-1])
        varied = _log(own.std((1, 2))) - _log(own.mean((1, 2)))
        found += [varied[:, None], np.arcsinh((band**3).mean((1, 2)) / spread**3)[:, None]]
    spectra = [_spectrum(one - one.mean((1, 2), keepdims=True)) for one in amplitudes]
    for fine, coarse in combinations(range(len(rings)), 2):
        varied = np.abs(_inner(_filtered(spectra[fine], rings[coarse]))).mean((1, 2))
        found.append((_log(varied) - _log(_inner(amplitudes[fine]).mean((1, 2))))[:, None])
    found.append(np.quantile(view.crops, QUANTILES, axis=(1, 2)).T)
    return np.concatenate(found, axis=1, dtype=float)


def _spectrum(images: Greys) -> Waves:
    from scipy import fft

    return np.asarray(fft.fft2(images))


def _filtered(spectrum: Waves, by: Greys) -> Waves:
    from scipy import fft

    return np.asarray(fft.ifft2(spectrum * by))


@cache
def _filters() -> tuple[list[Greys], list[Greys]]:
    """Make the filters of all octaves, and of all directions on one side of the origin, for a padded crop."""
    y, x = np.meshgrid(*[np.fft.fftfreq(SIDE_PX + 2 * MARGIN_PX)] * 2, indexing="ij")
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    radius[0, 0] = 1.0  # the mean, which no filter lets through
    rings = [np.exp(-(np.log(radius * length) ** 2) / (2 * math.log(BANDWIDTH) ** 2)) for length in WAVELENGTHS_PX]
    for ring in rings:
        ring[0, 0] = 0
    away = [np.angle(np.exp(1j * (angle - math.pi * k / DIRECTIONS))) for k in range(DIRECTIONS)]
    wedges = [np.exp(-(one**2) / (2 * math.radians(SPREAD_DEG) ** 2)) for one in away]
    return [one.astype(np.float32) for one in rings], [one.astype(np.float32) for one in wedges]


def _inner(padded: npt.NDArray[T]) -> npt.NDArray[T]:
    inner = slice(MARGIN_PX, -MARGIN_PX)
    return padded[..., inner, inner]


def _log(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.asarray(np.log(values + LEAST))
