"""Whether a sample supports a second mode."""

from dataclasses import dataclass

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.fits.bimodal import BimodalFit
from particleforge.measurement.statistics.fits.fit import Unimodal, mean_log
from particleforge.seeds import stream

FEWEST = 20
"""Sizes needed for a fit with two modes."""
FEWEST_OWN = 5
"""Particles that a mode holds at least."""
MARGIN = 4.0
"""A second mode is tested only if AIC prefers it by this much to every fit with one mode."""
LEVEL = 0.01
"""A second mode is supported up to this p-value."""
DRAWN = 199
"""Samples drawn for the test."""
_MOST_DRAWN, _CELLS = 1000, 128


@dataclass(frozen=True)
class SecondMode:
    """The decision between one mode and two, and why.

    Parameters
    ----------
    supported
        Whether the sample supports a second mode.
    why
        The reason, in a sentence.
    aic_gain
        By how much the AIC of two modes is smaller than that of the best fit with one; None if not fitted.
    likelihood_ratio, p_value
        Twice the difference of the log-likelihoods, and the share of samples drawn from the fit with one mode in which
        it is at least as large; None if not tested.
    """

    supported: bool
    why: str
    aic_gain: float | None = None
    likelihood_ratio: float | None = None
    p_value: float | None = None


def too_few(count: int) -> SecondMode:
    """Decide for one mode without a fit."""
    return SecondMode(False, f"A second mode is not tested with fewer than {FEWEST} particles (here {count}).")


def second_mode(values: Floats, weights: Floats, count: int, one: Unimodal, two: BimodalFit, gain: float) -> SecondMode:
    r"""Test two modes against one by a parametric bootstrap of the likelihood ratio.

    The ratio has no known distribution, because the parameters of a mode that does not exist are not determined. So
    199 samples of the same count (at most 1000) are drawn from the fit with one mode, both are fitted to each, and the
    ratio of the sample is compared with theirs (McLachlan, Appl. Stat. 36, 318, 1987). It is tested only if AIC prefers
    two modes by 4, each of them holds at least five particles, and the density of :math:`\ln d` has two maxima.

    Parameters
    ----------
    values, weights
        (n,) sizes of the sample, or its cells.
    count
        Number of particles.
    one, two
        The best fit with one mode, and that with two.
    gain
        Difference of their AIC; above 0 if that of two modes is smaller.
    """
    if gain < MARGIN:
        return SecondMode(False, f"A second mode is not supported: {_gain(gain)}.", gain)
    own = count * min(two.share, 1 - two.share)
    if own < FEWEST_OWN:
        why = f"A second mode is not supported: it would hold {own:.0f} particles; {FEWEST_OWN} are needed."
        return SecondMode(False, why, gain)
    if two.peaks < 2:
        why = "A second mode is not supported: two distributions fit better than one, but together have a single peak."
        return SecondMode(False, why, gain)
    rng = stream(0, "second mode")
    drawn = one.draw(rng, (DRAWN, min(count, _MOST_DRAWN)))
    shares = rng.choice(weights, drawn.shape)
    ratio = _ratios(values[None], weights[None], count, type(one))[0]
    chance = _ratios(drawn, shares, drawn.shape[1], type(one))
    p_value = float((1 + (chance >= ratio).sum()) / (1 + DRAWN))
    supported = p_value <= LEVEL
    return SecondMode(supported, _why(supported, ratio, p_value), gain, float(ratio), p_value)


def _ratios(values: Floats, weights: Floats, count: int, kind: type[Unimodal]) -> Floats:
    """(B,) likelihood ratios of two modes to one."""
    if values.shape[1] > _CELLS:
        values, weights = _binned(values, weights)
    likely = [mean_log(one.log_density(values, one.solve(values, weights)), weights) for one in (BimodalFit, kind)]
    return 2 * count * (likely[0] - likely[1])


def _binned(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Centres and weights of cells of ln d, for each sample from its smallest to its largest size."""
    log = np.log(values)
    low, high = log.min(axis=1, keepdims=True), log.max(axis=1, keepdims=True)
    step = np.maximum(high - low, 1e-9) / (_CELLS - 1)
    cell = np.rint((log - low) / step).astype(np.int64) + _CELLS * np.arange(len(log))[:, None]
    held = np.bincount(cell.reshape(-1), weights.reshape(-1), _CELLS * len(log)).reshape(-1, _CELLS)
    return np.exp(low + step * np.arange(_CELLS)), np.asarray(held, float)


def _gain(gain: float) -> str:
    return f"its AIC is {-gain:.1f} higher" if gain <= 0 else f"its AIC is only {gain:.1f} lower, not {MARGIN:g}"


def _why(supported: bool, ratio: float, p_value: float) -> str:
    """State the result of the test."""
    least = 1 / (1 + DRAWN)
    found = f"likelihood ratio {ratio:.1f}, p {'=' if p_value > least else '≤'} {p_value:.2g}"
    return f"A second mode is {'supported' if supported else 'not supported'} ({found}; {LEVEL:g} is needed)."
