"""The figures of a size distribution."""

import math
from typing import TypeAlias

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.sizes import Sizes

WEIGHTINGS = ("number", "length", "area", "volume")
"""A particle of size d counts as :math:`d^r`, r = 0, 1, 2, 3 (ISO 9276-1)."""
PERCENTILES = {"d10": 0.1, "d50": 0.5, "d90": 0.9}
FIGURES = (*PERCENTILES, "span", "mean", "geometric_mean", "gsd", "skewness", "mode")
MOMENTS = {"D[1,0]": (1, 0), "D[2,0]": (2, 0), "D[3,0]": (3, 0), "D[2,1]": (2, 1), "D[3,2]": (3, 2), "D[4,3]": (4, 3)}
Figure: TypeAlias = tuple[str, str]
"""Weighting, or ``moments``, and name."""
NAMES: tuple[Figure, ...] = (
    *((weighting, name) for weighting in WEIGHTINGS for name in FIGURES),
    *(("moments", name) for name in MOMENTS),
)
"""Order of the figures returned by `size_figures`."""


def percentiles(values: Floats, shares: Floats, at: Floats) -> Floats:
    """Compute the sizes below which the fractions `at` lie.

    Parameters
    ----------
    values
        (n,) in ascending order.
    shares
        (n,) how much each counts.
    at
        Fractions, 0 to 1.

    Returns
    -------
    Floats
        Interpolated linearly between the sizes, with half of each particle's share below its own size (Hazen); so a
        distribution and its mirror image are treated alike, whatever the weights.
    """
    below = np.cumsum(shares)
    return np.interp(at, (below - shares / 2) / below[-1], values)


def size_figures(sizes: Sizes, smoother: Smoother | None) -> Floats:
    r"""Compute the figures of a distribution, in the order of `NAMES`.

    Parameters
    ----------
    sizes
        At least one size.
    smoother
        For the mode; None if all sizes are equal.

    Returns
    -------
    Floats
        For each weighting by :math:`q_i = w_i d_i^r`: D10, D50 and D90 by `percentiles`; span
        :math:`(D_{90} - D_{10})/D_{50}`; mean :math:`\sum q d/\sum q`; geometric mean
        :math:`\exp(\sum q \ln d/\sum q)`; GSD, :math:`\exp` of the standard deviation of :math:`\ln d`, its square
        divided by :math:`\sum q - \sum q^2/\sum q` (n - 1 if all weights are equal); skewness of d; and the mode, where
        the density of :math:`\ln d` is highest. NaN for D10, D90 and
        spreads of a single particle.
        Moment means (ISO 9276-2): :math:`D_{p,q} = (M_p/M_q)^{1/(p-q)}` with :math:`M_k = \sum w d^k`.
    """
    scale = sizes.values[len(sizes) // 2]
    d, log = sizes.values / scale, np.log(sizes.values)
    raised = np.cumprod(np.stack([sizes.weights, d, d, d, d]), axis=0)  # several times faster than powers
    shares = raised[:4]
    total = shares.sum(axis=1)
    mean, middle = shares @ d / total, shares @ log / total
    freedom = total - (shares**2).sum(axis=1) / total
    several = freedom > 1e-9 * total
    squares = (shares * (log - middle[:, None]) ** 2).sum(axis=1)
    spread = np.sqrt(np.divide(squares, freedom, where=several, out=np.full(4, math.nan)))
    away = d - mean[:, None]
    square = shares * away * away
    second, third = square.sum(axis=1) / total, (square * away).sum(axis=1) / total
    wide = second > 1e-18 * mean**2
    skewness = np.divide(third, second**1.5, where=wide, out=np.where(several, 0.0, math.nan))
    tens = np.stack([percentiles(sizes.values, share, np.fromiter(PERCENTILES.values(), float)) for share in shares])
    if len(sizes) == 1:
        tens[:, [0, 2]] = math.nan
    span = (tens[:, 2] - tens[:, 0]) / tens[:, 1]
    mode = sizes.values[:1].repeat(4) if smoother is None else smoother.modes(sizes.values, shares)
    figures = np.column_stack([tens, span, mean * scale, np.exp(middle), np.exp(spread), skewness, mode])
    moment = raised.sum(axis=1).tolist()
    means = [scale * (moment[p] / moment[q]) ** (1 / (p - q)) for p, q in MOMENTS.values()]
    return np.append(figures.reshape(-1), means)
