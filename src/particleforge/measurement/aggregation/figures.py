"""Sizes of one group of particles or aggregates in a few figures, by number and by volume."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.bootstrap import FEWEST_PARTICLES, Precision, resampled
from particleforge.measurement.statistics.describe import ENOUGH, Estimate
from particleforge.measurement.statistics.figures import percentiles
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
    volumes = counted["volume_px3" if sizes.unit == "px" else "volume_nm3"].to_numpy(float)
    mass = counted["mass_fg"].to_numpy(float) if "mass_fg" in counted else np.full(len(counted), math.nan)
    weighed = bool(len(mass)) and not np.isnan(mass).any()

    def compute(times: Ints) -> Floats:
        by_number = _figures(sizes.values, sizes.weights, times)
        by_volume = _figures(sizes.values, sizes.weights * volumes, times)
        return np.concatenate([by_number, by_volume, [over(mass @ (sizes.weights * times), sizes.weights @ times)]])

    *found, mean = estimates(compute, units, precision)
    by_number, by_volume = found[: len(NAMES)], found[len(NAMES) :]
    return Group(
        sizes,
        dict(zip(NAMES, _marked(by_number, sizes.weights), strict=True)),
        dict(zip(NAMES, _marked(by_volume, sizes.weights * volumes), strict=True)),
        mean if weighed else None,
    )


def _marked(found: list[Estimate], shares: Floats) -> list[Estimate]:
    """Mark figures that too few particles determine, by Kish's effective count of their shares."""
    enough = len(shares) > 0 and float(shares.sum() ** 2 / (shares @ shares)) >= ENOUGH
    return [replace(one, supported=enough) for one in found]


def estimates(compute: Callable[[Ints], Floats], units: Ints, precision: Precision) -> list[Estimate]:
    """Figures with their intervals, from whole units drawn with replacement; no intervals for fewer than five units."""
    with np.errstate(invalid="ignore", divide="ignore"):
        values = compute(np.ones(len(units), np.int64))
        limits = np.full((2, len(values)), math.nan)
        if len(np.unique(units)) >= FEWEST_PARTICLES:
            limits = resampled(units, compute, precision)
    return [
        Estimate(_known(value), _known(low), _known(high)) for value, low, high in zip(values, *limits, strict=True)
    ]


def _figures(values: Floats, shares: Floats, times: Ints) -> Floats:
    """Figures in the order of `NAMES` of sizes in ascending order, each drawn the number of `times`."""
    drawn = np.repeat(np.arange(len(values)), times)
    d, q = values[drawn], shares[drawn]
    total = q.sum()
    if not total > 0:
        return np.full(len(NAMES), math.nan)
    log = np.log(d)
    middle = q @ log / total
    freedom = total - q @ q / total
    spread = math.sqrt(q @ (log - middle) ** 2 / freedom) if freedom > 1e-9 * total else math.nan
    tens = percentiles(d, q, _TENS)
    if len(d) == 1:
        tens[[0, 2]] = math.nan
    return np.array([math.exp(middle), math.exp(spread), *tens])


def over(part: Any, whole: Any) -> float:
    """Ratio of two numbers; NaN if the whole is 0."""
    return float(part / whole) if whole > 0 else math.nan


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
