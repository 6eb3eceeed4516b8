"""The figures of a size distribution."""

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.drawn import Drawn
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
_AT_ONCE = 2**17
"""Largest number of sizes whose powers are in memory at the same time."""


def percentiles(values: Floats, shares: Floats, at: Floats) -> Floats:
    """Compute the sizes below which the fractions `at` lie, for (n,) sizes in ascending order; see `Drawn`."""
    found: Floats = Drawn.once(values).percentiles(shares[None], at)[0, 0]
    return found


def size_figures(sizes: Sizes, smoother: Smoother | None) -> Floats:
    """Compute the figures of at least one size, in the order of `NAMES`; see `drawn_figures`."""
    found: Floats = drawn_figures(Drawn.once(sizes.values), sizes.weights, smoother)[0]
    return found


def drawn_figures(drawn: Drawn, weights: Floats, smoother: Smoother | None) -> Floats:
    r"""Compute the figures of B resamples, in the order of `NAMES`.

    Parameters
    ----------
    drawn
        The resamples.
    weights
        (n,) how much each particle counts.
    smoother
        For the mode; None if all sizes are equal.

    Returns
    -------
    (B, k) float
        For each weighting by :math:`q_i = w_i d_i^r`: D10, D50 and D90 by `Drawn.percentiles`; span
        :math:`(D_{90} - D_{10})/D_{50}`; mean :math:`\sum q d/\sum q`; geometric mean
        :math:`\exp(\sum q \ln d/\sum q)`; GSD by `Drawn.geometric`; skewness of d; and the mode, where
        the density of :math:`\ln d` is highest. NaN for D10, D90 and
        spreads of a single particle.
        Moment means (ISO 9276-2): :math:`D_{p,q} = (M_p/M_q)^{1/(p-q)}` with :math:`M_k = \sum w d^k`.
    """
    scale = drawn.values[len(drawn.values) // 2]
    d = drawn.values / scale
    moments: list[Floats] = []
    weighted: list[Floats] = []
    for shares in _powers(weights, d):
        moments += [*drawn.sums(shares).T]
        if len(weighted) < len(WEIGHTINGS):
            weighted += [*_of_shares(drawn, d, scale, shares[: len(WEIGHTINGS)], smoother)]
    means = [scale * (moments[p] / moments[q]) ** (1 / (p - q)) for p, q in MOMENTS.values()]
    return np.concatenate([*weighted, np.stack(means, axis=1)], axis=1)


def _powers(weights: Floats, d: Floats) -> Iterator[Floats]:
    """(k, n) weights times the powers of d from 0 to 4: all at once, or of very many sizes one by one."""
    if len(d) <= _AT_ONCE:
        yield np.asarray(np.cumprod(np.stack([weights, d, d, d, d]), axis=0), float)  # several times faster than powers
        return
    share = weights
    for _ in range(5):
        yield share[None]
        share = share * d


def _of_shares(drawn: Drawn, d: Floats, scale: float, shares: Floats, smoother: Smoother | None) -> Floats:
    """(k, B, m) the m `FIGURES` for (k, n) shares, with d the sizes divided by `scale`."""
    values = drawn.values
    middle, gsd = drawn.geometric(shares)
    mean, variance, third = drawn.moments(d, shares)
    wide = variance > 1e-18 * mean**2
    flat = np.where(np.isnan(gsd), math.nan, 0.0)
    skewness = np.divide(third, variance**1.5, where=wide, out=flat)
    tens = drawn.percentiles(shares, np.fromiter(PERCENTILES.values(), float))
    if len(values) == 1:
        tens[..., [0, 2]] = math.nan
    span = (tens[..., 2] - tens[..., 0]) / tens[..., 1]
    mode = (
        np.full_like(mean, values[0])
        if smoother is None
        else np.stack([smoother.modes(values, drawn.times * share) for share in shares], axis=1)
    )
    figures = np.concatenate([tens, np.stack([span, mean * scale, middle, gsd, skewness, mode], axis=-1)], axis=-1)
    return np.asarray(figures.swapaxes(0, 1), float)
