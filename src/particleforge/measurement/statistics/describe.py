"""The full description of a size distribution."""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.numbers import with_limits
from particleforge.measurement.statistics.bootstrap import Bootstrap, Precision
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.figures import (
    FIGURES,
    MOMENTS,
    NAMES,
    PERCENTILES,
    WEIGHTINGS,
    Figure,
    drawn_figures,
    size_figures,
)
from particleforge.measurement.statistics.fits.fit import Fit
from particleforge.measurement.statistics.fits.ranking import Fits, cells, fits, in_cells
from particleforge.measurement.statistics.planning import more_needed, particles_needed
from particleforge.measurement.statistics.sizes import Sizes

if TYPE_CHECKING:
    import pandas as pd

BEYOND = 10
"""A percentile is supported by at least this many particles on each side, by Kish's effective count."""
ENOUGH = 30
"""Means and spreads by number are supported by at least this many particles."""
_FIT_RESAMPLES = 200


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval.

    Parameters
    ----------
    value
        The figure; None if it is undefined for this count.
    low, high
        Limits of the interval; None if there is none.
    supported
        False if so few particles determine a figure that its interval is too narrow: percentiles with fewer than ten
        on one side, by their effective count in that weighting; other figures by number of fewer than 30 particles;
        other figures of a weighting whose D10 or D90 is not supported.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    supported: bool = True

    @property
    def half_percent(self) -> float | None:
        """Half-width of the interval in percent of the value."""
        if self.low is None or self.high is None or not self.value:
            return None
        return 50 * (self.high - self.low) / self.value

    @property
    def text(self) -> tuple[str, str]:
        """Value and interval as text; see `with_limits`."""
        return with_limits(self.value, self.low, self.high)


@dataclass(frozen=True)
class Description:
    r"""A size distribution in figures.

    Parameters
    ----------
    unit
        Unit of all lengths: ``nm`` or ``px``.
    count
        Number of particles that count.
    effective_count
        Kish's :math:`(\sum w)^2/\sum w^2`: the number of equally weighted particles with the same information.
    resampled
        What was resampled for the intervals, ``particles`` or ``images``.
    confidence_percent
        Confidence of the intervals.
    wanted_percent
        Half-width to which `more_needed` refers.
    figures
        By weighting or ``moments``, then by name; see `size_figures`.
    fits
        Fits, the one to use first, and whether a second mode is supported.
    fit_intervals
        Interval of each parameter of the first fit.
    more_needed
        Number of additional particles for the wanted half-width: for the geometric mean and D50 by number, as the
        interval shrinks with the root of the count; for D[4,3], by Masuda and Iinoya for a log-normal of this GSD.
        None if no more would be needed, but too few particles determine the figure to trust its interval.
    """

    unit: str
    count: int
    effective_count: float
    resampled: str
    confidence_percent: float
    wanted_percent: float
    figures: dict[str, dict[str, Estimate]]
    fits: Fits
    fit_intervals: dict[str, Estimate]
    more_needed: dict[str, int | None]

    def table(self) -> "pd.DataFrame":
        """Figures as a table: one row per weighting and figure, with the columns of `Estimate`."""
        import pandas as pd

        rows = {(group, name): asdict(one) for group, inner in self.figures.items() for name, one in inner.items()}

        index = pd.MultiIndex.from_tuples(rows, names=["weighting", "figure"])
        return pd.DataFrame(list(rows.values()), index)

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON; fits by name with their parameters and AIC, the one to use first."""
        every, mode = self.fits.ranked, self.fits.second_mode
        ranked = [{"name": one.fit.name, "aic": one.aic, "parameters": one.fit.parameters()} for one in every]
        return {
            "unit": self.unit,
            "count": self.count,
            "effective_count": self.effective_count,
            "confidence_percent": self.confidence_percent,
            "resampled": self.resampled,
            **{group: {name: asdict(one) for name, one in inner.items()} for group, inner in self.figures.items()},
            "fits": ranked,
            "second_mode": None if mode is None else asdict(mode),
            "best_fit_intervals": {name: asdict(one) for name, one in self.fit_intervals.items()},
            "more_particles_needed": {"half_width_percent": self.wanted_percent, **self.more_needed},
        }


def describe(sizes: Sizes, precision: Precision = Precision()) -> Description:
    """Describe a size distribution, even of few particles or none."""
    smoother = Smoother.of(sizes)
    bootstrap = Bootstrap(sizes, precision, np.zeros(0) if smoother is None else smoother.limits)
    values = size_figures(sizes, smoother) if len(sizes) else np.full(len(NAMES), math.nan)
    limits = np.full((2, len(NAMES)), math.nan)
    if bootstrap.possible:
        limits = bootstrap.intervals(lambda drawn, weights: drawn_figures(drawn, weights, smoother))
    figures: dict[str, dict[str, Estimate]] = {}
    sure = _supported(sizes, dict(zip(NAMES, values, strict=True)))
    for (group, name), value, low, high in zip(NAMES, values, *limits, strict=True):
        figures.setdefault(group, {})[name] = Estimate(_known(value), _known(low), _known(high), (group, name) in sure)
    found = fits(sizes)
    return Description(
        unit=sizes.unit,
        count=len(sizes),
        effective_count=_effective(sizes.weights),
        resampled=bootstrap.unit,
        confidence_percent=precision.confidence_percent,
        wanted_percent=precision.wanted_percent,
        figures=figures,
        fits=found,
        fit_intervals=_fit_intervals(found.best, bootstrap),
        more_needed=_needs(figures, len(sizes), precision),
    )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _supported(sizes: Sizes, values: dict[Figure, float]) -> set[Figure]:
    """Figures that are determined by enough particles."""
    sure: set[Figure] = set()
    for power, group in enumerate(WEIGHTINGS):
        shares = sizes.weights * (sizes.values / sizes.values.max(initial=1)) ** power
        for name in PERCENTILES:
            below = shares[: np.searchsorted(sizes.values, values[group, name], "right")]
            above = shares[np.searchsorted(sizes.values, values[group, name], "left") :]
            if min(_effective(below), _effective(above)) >= BEYOND:
                sure.add((group, name))
        if len(sizes) >= ENOUGH if power == 0 else {(group, "d10"), (group, "d90")} <= sure:
            sure |= {(group, name) for name in FIGURES if name not in PERCENTILES}
    carried = {name: WEIGHTINGS[p - 1] for name, (p, _) in MOMENTS.items()}
    return sure | {("moments", name) for name, group in carried.items() if (group, "mean") in sure}


def _effective(shares: Floats) -> float:
    """Kish's effective count: the number of equal shares with the same information."""
    return float(shares.sum() ** 2 / (shares @ shares)) if len(shares) else 0.0


def _fit_intervals(best: Fit | None, bootstrap: Bootstrap) -> dict[str, Estimate]:
    """Intervals of the parameters of the fit to use."""
    if best is None:
        return {}
    drawn = list(bootstrap.drawn(min(_FIT_RESAMPLES, bootstrap.precision.resamples)))
    values, cell = cells(drawn[0][0].values, drawn[0][1])
    heaps = np.concatenate([in_cells(cell, weights * one.times) for one, weights in drawn])
    several = (heaps > 0).sum(axis=1) > 1
    limits = np.full((2, len(best.row)), math.nan)
    if several.all():
        limits = bootstrap.limits_of(best.solve(values[None], heaps))
    return {
        name: Estimate(value, _known(low), _known(high))
        for (name, value), low, high in zip(best.parameters().items(), *limits, strict=True)
    }


def _needs(figures: dict[str, dict[str, Estimate]], count: int, precision: Precision) -> dict[str, int | None]:
    number, wanted = figures["number"], precision.wanted_percent / 100
    needs: dict[str, int | None] = {}
    for name in ("geometric_mean", "d50"):
        half = number[name].half_percent
        if half is not None:
            needs[name] = more_needed(count, half / 100, wanted) or _none_more(number[name])
    gsd = number["gsd"].value
    if gsd is not None:
        needed = particles_needed(gsd, wanted, 1, 3, precision.confidence_percent / 100)
        needs["D[4,3]"] = max(0, needed - count) or _none_more(figures["moments"]["D[4,3]"])
    return needs


def _none_more(one: Estimate) -> int | None:
    return 0 if one.supported else None
