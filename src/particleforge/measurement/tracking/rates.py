"""Growth rates of single particles, and of all of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.bootstrap import FEWEST_PARTICLES, Precision, resampled
from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.statistics.drawn import Drawn

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Rates:
    """Growth rates of the particles of a movie, each with the weight of how well its times determine it.

    Parameters
    ----------
    count
        Number of particles with a rate.
    median
        Rate of the population, with its interval.
    d10, d90
        Rates below which 10 and 90 % of the population lie.
    typical_error
        Median of the standard errors of single rates.
    """

    count: int
    median: Estimate
    d10: Estimate
    d90: Estimate
    typical_error: float | None

    @classmethod
    def of(cls, tracks: "pd.DataFrame", precision: Precision) -> "Rates":
        """Describe the rates of tracks as `fitted` returns them.

        Each counts with the sum of the squared deviations of its times from their mean, the inverse of the variance of
        its rate if all sizes are equally precise. Whole tracks are resampled for the intervals: the sizes of a particle
        in successive frames are not independent of each other.
        """
        known = tracks[tracks["rate"].notna()].sort_values("rate", kind="stable")
        rates, shares = known["rate"].to_numpy(float), known["time_spread"].to_numpy(float)
        if not len(rates):
            return cls(0, Estimate(None), Estimate(None), Estimate(None), None)
        shares, at = shares[None] / shares.max(), np.array(PERCENTILES)
        values = Drawn.once(rates).percentiles(shares, at)[0, 0]
        limits: Floats = np.full((2, len(at)), np.nan)
        if len(rates) >= FEWEST_PARTICLES:

            def compute(times: Floats) -> Floats:
                return Drawn(rates, times).percentiles(shares, at)[:, 0]

            limits = resampled(np.arange(len(rates)), compute, precision)
        known_limits = [(None, None) if np.isnan(pair).any() else tuple(map(float, pair)) for pair in limits.T]
        low, middle, high = (Estimate(float(value), *pair) for value, pair in zip(values, known_limits, strict=True))
        return cls(len(rates), middle, low, high, float(known["rate_error"].median()))


def fitted(table: "pd.DataFrame", size: str, least: int) -> "pd.DataFrame":
    """Fit a straight line to the sizes of each particle by least squares.

    Parameters
    ----------
    table
        Rows of particles that are seen whole, with ``track``, ``time`` and the column of the size.
    size
        Column of the size.
    least
        Least number of rows for a rate.

    Returns
    -------
    pandas.DataFrame
        By track ``fitted`` (number of rows), ``rate``, its standard error ``rate_error`` from the residuals,
        ``residual`` (their standard deviation) and ``time_spread`` (sum of squared deviations of the times). NaN where
        there are too few rows.
    """
    import pandas as pd

    ids, which = np.unique(table["track"].to_numpy(np.int64), return_inverse=True)

    def total(values: Any) -> Floats:
        return np.bincount(which, values, len(ids)).astype(float)

    t, d = table["time"].to_numpy(float), table[size].to_numpy(float)
    count = total(np.ones(len(t)))
    with np.errstate(invalid="ignore", divide="ignore"):
        t, d = t - (total(t) / count)[which], d - (total(d) / count)[which]
        spread = total(t**2)
        rate = total(t * d) / spread
        residual = np.sqrt(total((d - rate[which] * t) ** 2) / (count - 2))
        found = {"rate": rate, "rate_error": residual / np.sqrt(spread), "residual": residual, "time_spread": spread}
    enough = count >= least
    columns = {name: np.where(enough, values, np.nan) for name, values in found.items()}
    return pd.DataFrame({"fitted": count.astype(np.int64), **columns}, pd.Index(ids, name="track"))
