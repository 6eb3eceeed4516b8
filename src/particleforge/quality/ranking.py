"""Whether distances of sets from real images predict how good the detectors are that learn from these sets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from itertools import permutations

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.bootstrap import Precision, limits_of
from particleforge.measurement.statistics.describe import Estimate
from particleforge.quality.metric import HasBest, metrics
from particleforge.seeds import stream

Values = Mapping[str, Mapping[str, float]]
"""By name of a distance or of a metric, then by set."""
FEWEST_SETS = 4
"""With fewer sets no order is surprising."""
MOST_PERMUTED = 8
"""Up to this number of sets, all orders are tried; beyond, Student's t is close."""
LEVEL = 0.05


def badness(figures: Values) -> dict[str, dict[str, float]]:
    """How far each metric is from its best value, by set; metrics whose best value is not known are left out."""
    best = {key: metric.BEST for key, metric in metrics().items() if isinstance(metric, HasBest)}
    return {
        key: {name: abs(value - best[key]) for name, value in own.items()}
        for key, own in figures.items()
        if key in best
    }


def correlate(distances: Values, figures: Values, precision: Precision) -> dict[str, dict[str, Estimate]]:
    """Spearman's rho of every distance with every metric over sets, by distance and metric.

    It is positive if detectors are worse the farther their set is. Intervals are a bootstrap over sets; resamples in
    which all sets have the same rank are left out.

    Parameters
    ----------
    distances
        Distances of the sets.
    figures
        Metrics of the detectors that learned from them, for the same sets.
    precision
        Confidence of the intervals and number of resamples.
    """
    bad = badness(figures)
    return {
        key: {metric: _estimate(own, worse, precision) for metric, worse in bad.items() if worse.keys() == own.keys()}
        for key, own in distances.items()
    }


def _estimate(distances: Mapping[str, float], worse: Mapping[str, float], precision: Precision) -> Estimate:
    pairs = np.array([(distances[name], worse[name]) for name in distances])
    value = float(spearman(pairs[None, :, 0], pairs[None, :, 1])[0])
    if not math.isfinite(value):
        return Estimate(None)
    chosen = stream(0, "sets").integers(len(pairs), size=(precision.resamples, len(pairs)))
    drawn = spearman(pairs[:, 0][chosen], pairs[:, 1][chosen])
    drawn = drawn[np.isfinite(drawn)]
    if len(pairs) < FEWEST_SETS or not len(drawn):
        return Estimate(value)
    low, high = limits_of(drawn[:, None], len(pairs), precision)[:, 0].tolist()
    return Estimate(value, low, high)


def spearman(one: Floats, other: Floats) -> Floats:
    """Rank correlation of the rows of two (b, n) arrays, equal values sharing a rank; NaN where all are equal."""
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=1) for values in (one, other)]
    centred = [rank - rank.mean(1, keepdims=True) for rank in ranks]
    spread = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(spread > 0, (centred[0] * centred[1]).sum(1) / spread, np.nan))


@cache
def critical(count: int) -> float | None:
    """Least size of rho of `count` sets without ties that has a two-sided p of at most 5 %; None if there is none."""
    if count < FEWEST_SETS:
        return None
    if count > MOST_PERMUTED:
        from scipy.special import stdtrit

        t = float(stdtrit(count - 2, 1 - LEVEL / 2))
        return t / math.sqrt(count - 2 + t**2)
    places = np.arange(count)
    orders = np.array(list(permutations(range(count))))
    sizes = np.abs(1 - 6 * ((orders - places) ** 2).sum(1) / (count * (count**2 - 1)))
    found = [size for size in np.unique(sizes.round(12)) if (sizes >= size - 1e-9).mean() <= LEVEL]
    return float(found[0]) if found else None
