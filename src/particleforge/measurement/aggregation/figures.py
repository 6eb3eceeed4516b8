"""Sizes of one group of particles or aggregates in a few figures, by number and by volume."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.bootstrap import FEWEST_PARTICLES, Precision, draws, limits_of, resampled_sums
from particleforge.measurement.statistics.describe import ENOUGH, Estimate
from particleforge.measurement.statistics.drawn import Drawn
from particleforge.measurement.statistics.sizes import Sizes

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("geometric_mean", "gsd", "d10", "d50", "d90")
_TENS = np.array([0.1, 0.5, 0.9])


@dataclass(frozen=True, eq=False)
class Group:
    """Particles or aggregates of one kind.

    Parameters
    ----------
    sizes
        Sizes of those that count.
    by_number, by_volume
        Figures in `NAMES`, in the unit of the sizes. By volume, each counts as much as its volume, which is by mass if
        all have the same density.
    mean_mass_fg
        Mean mass; None if density or pixel size is unknown.
    """

    sizes: Sizes
    by_number: Mapping[str, Estimate]
    by_volume: Mapping[str, Estimate]
    mean_mass_fg: Estimate | None = None

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "count": len(self.sizes),
            "by_number": {name: asdict(one) for name, one in self.by_number.items()},
            "by_volume": {name: asdict(one) for name, one in self.by_volume.items()},
            "mean_mass_fg": None if self.mean_mass_fg is None else asdict(self.mean_mass_fg),
        }


def group(counted: "pd.DataFrame", units: Ints, sizes: Sizes, precision: Precision) -> Group:
    """Describe a group.

    Parameters
    ----------
    counted
        Rows of a table of particles or aggregates whose weight is above zero, sorted as their sizes.
    units
        (n,) what is resampled for the intervals: number of the image or of the aggregate of each row.
    sizes
        Their sizes.
    precision
        Precision of the intervals.
    """
    by_volume = sizes.weights * counted["volume_px3" if sizes.unit == "px" else "volume_nm3"].to_numpy(float)
    mass = counted["mass_fg"].to_numpy(float) if "mass_fg" in counted else np.full(len(counted), math.nan)
    weighed = bool(len(mass)) and not np.isnan(mass).any()
    return Group(
        sizes,
        _estimated(sizes.values, sizes.weights, units, precision),
        _estimated(sizes.values, by_volume, units, precision),
        estimates(np.stack([mass * sizes.weights, sizes.weights]), units, _mean, precision)[0] if weighed else None,
    )


def _mean(sums: Floats) -> Floats:
    """(B, 1) mean, from the sum of something and that of the weights."""
    return over(sums[:, :1], sums[:, 1:])


def _estimated(values: Floats, shares: Floats, units: Ints, precision: Precision) -> dict[str, Estimate]:
    """Figures in `NAMES` with their intervals, for (n,) sizes in ascending order and (n,) shares."""
    if not len(values):
        return dict(zip(NAMES, _marked([Estimate(None)] * len(NAMES), shares), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        found, limits = _figures(Drawn.once(values), shares)[0], _no_limits(len(NAMES))
        if (count := len(np.unique(units))) >= FEWEST_PARTICLES:
            drawn = [_figures(*one) for one in draws(values, shares, units, precision.resamples)]
            limits = limits_of(np.concatenate(drawn), count, precision)
    return dict(zip(NAMES, _marked(_as_estimates(found, limits), shares), strict=True))


def _marked(found: list[Estimate], shares: Floats) -> list[Estimate]:
    """Mark figures that too few particles determine, by Kish's effective count of their shares."""
    enough = len(shares) > 0 and float(shares.sum() ** 2 / (shares @ shares)) >= ENOUGH
    return [replace(one, supported=enough) for one in found]


def estimates(
    columns: Floats, units: Ints, compute: Callable[[Floats], Floats], precision: Precision
) -> list[Estimate]:
    """Figures of sums with their intervals, from whole units drawn with replacement; none for fewer than five units.

    For the arguments see `resampled_sums`.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        values = compute(columns.sum(axis=1)[None])[0]
        limits = _no_limits(len(values))
        if len(np.unique(units)) >= FEWEST_PARTICLES:
            limits = resampled_sums(units, columns, compute, precision)
    return _as_estimates(values, limits)


def _no_limits(count: int) -> Floats:
    return np.full((2, count), math.nan)


def _as_estimates(values: Floats, limits: Floats) -> list[Estimate]:
    return [
        Estimate(_known(value), _known(low), _known(high)) for value, low, high in zip(values, *limits, strict=True)
    ]


def _figures(drawn: Drawn, shares: Floats) -> Floats:
    """(B, k) figures in the order of `NAMES` for (n,) shares."""
    tens = drawn.percentiles(shares[None], _TENS)[:, 0]
    if len(drawn.values) == 1:
        tens[:, [0, 2]] = math.nan
    return np.concatenate([*drawn.geometric(shares[None]), tens], axis=1)


def over(part: Floats, whole: Floats) -> Floats:
    """Ratios; NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, where=whole > 0, out=np.full(part.shape, math.nan)), float)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
