"""Number and size of the particles of each frame, with intervals."""

import math
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Bootstrap, Precision
from particleforge.measurement.statistics.drawn import Drawn
from particleforge.measurement.statistics.sizes import Sizes

if TYPE_CHECKING:
    import pandas as pd


def frame_figures(table: "pd.DataFrame", rules: Rules, unit: str, precision: Precision) -> dict[str, float]:
    """Return the number and the mean sizes of the particles of one frame, each with the limits of its interval.

    Parameters
    ----------
    table
        The particles of the frame.
    rules
        The rules with which it was made.
    unit
        Unit of sizes, ``nm`` or ``px``.
    precision
        Precision of the intervals, which are of sampling alone: of the mean sizes by the bootstrap, of the number for
        particles that lie at random.

    Returns
    -------
    dict
        ``count`` (of those found), ``counted``, ``number`` (the sum of the weights), ``mean`` and ``geometric_mean``;
        those after ``counted`` also with ``_low`` and ``_high``, NaN where there are none.
    """
    sizes = Sizes.of(table, rules, unit)
    values: Floats = np.full(2, math.nan)
    limits: Floats = np.full((2, 2), math.nan)
    bootstrap = Bootstrap(sizes, precision)

    def compute(drawn: Drawn, weights: Floats) -> Floats:
        shares = weights[None]
        return np.concatenate([drawn.moments(drawn.values, shares)[0], drawn.geometric(shares)[0]], axis=1)

    if len(sizes):
        values = compute(Drawn.once(sizes.values), sizes.weights)[0]
    if bootstrap.possible:
        limits = bootstrap.intervals(compute)
    number, interval = float(sizes.weights.sum()), poisson_interval(sizes.weights, precision.confidence_percent)
    figures = zip(("number", "mean", "geometric_mean"), (number, *values), (interval, *limits.T), strict=True)
    found: dict[str, float] = {"count": len(table), "counted": len(sizes)}
    for name, value, (low, high) in figures:
        found |= {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
    return found


def poisson_interval(weights: Floats, confidence_percent: float) -> tuple[float, float]:
    r"""Interval of the sum of (n,) weights if particles lie at random.

    Garwood's interval of a Poisson count, for the number :math:`(\sum w)^2/\sum w^2` of equally weighted particles
    with the same information (Biometrika 28, 437, 1936).

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.tracking.curves import poisson_interval
    >>> [round(float(one), 2) for one in poisson_interval(np.ones(10), 95.0)]
    [4.8, 18.39]
    """
    from scipy.special import gammaincinv

    total = float(weights.sum())
    effective = total**2 / float(weights @ weights) if len(weights) else 0.0
    each = total / effective if effective else 1.0
    tail = (1 - confidence_percent / 100) / 2
    low = float(gammaincinv(effective, tail)) if effective else 0.0
    return each * low, each * float(gammaincinv(effective + 1, 1 - tail))
