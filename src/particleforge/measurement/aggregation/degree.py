"""How many particles are aggregated: single particles, particles in aggregates and aggregates side by side."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.measurement.aggregation.figures import Group, estimates, group, over
from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision
from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.statistics.sizes import Sizes, numbered

if TYPE_CHECKING:
    import pandas as pd

SINGLE, AGGREGATED, AGGREGATES = "single", "aggregated", "aggregates"
"""Names of the groups: particles that touch no other, particles in aggregates, and whole aggregates."""


@dataclass(frozen=True, eq=False)
class Aggregation:
    """The degree of aggregation of a measurement.

    A particle is single or in an aggregate; whether it touches another is seen wherever it is complete itself, so each
    counts with its own weight. Figures of whole aggregates come from those that count by the border rule as wholes:
    one that touches the border is not complete, and a larger one inside counts more, by its own extent.

    Parameters
    ----------
    table
        The aggregates, as `measure_aggregates` gives them.
    by_number
        Share of the particles that are in aggregates.
    by_volume
        Share of their volume, and so of their mass if all have the same density.
    particles
        Mean number of particles in an aggregate.
    coordination
        Mean number of particles that a particle in an aggregate touches, averaged over aggregates.
    groups
        By `SINGLE`, `AGGREGATED` and `AGGREGATES`.
    resampled
        What was resampled for the intervals: ``images``, or ``aggregates`` together with single particles.
    """

    table: "pd.DataFrame"
    by_number: Estimate
    by_volume: Estimate
    particles: Estimate
    coordination: Estimate
    groups: Mapping[str, Group]
    resampled: str

    @property
    def unit(self) -> str:
        """Unit of all sizes: ``nm`` or ``px``."""
        return self.groups[SINGLE].sizes.unit

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "unit": self.unit,
            "degree_by_number": asdict(self.by_number),
            "degree_by_volume": asdict(self.by_volume),
            "particles_per_aggregate": asdict(self.particles),
            "coordination": asdict(self.coordination),
            "aggregates_found": len(self.table),
            "aggregates_touching_border": int(self.table["touches_border"].sum()),
            "resampled": self.resampled,
            **{name: one.plain() for name, one in self.groups.items()},
        }


def aggregation(
    table: "pd.DataFrame", aggregates: "pd.DataFrame", rules: Rules = Rules(), precision: Precision = Precision()
) -> Aggregation:
    """Describe single and aggregated particles.

    Parameters
    ----------
    table
        Particles of one or several images.
    aggregates
        Their aggregates, as `measure_aggregates` gives them; those of other images are left out.
    rules
        The rules with which the tables were made.
    precision
        Precision of the intervals. Whole images are resampled if there are at least six, else whole aggregates. Where
        all particles are single, or none is, the interval is that of Clopper and Pearson for the number of these.

    Returns
    -------
    Aggregation
        In nm if the pixel size of every particle is known, else in px.
    """
    aggregates = aggregates[aggregates["image"].isin(list(table["image"].unique()))]
    unit = Sizes.of(table, rules).unit
    size = f"{rules.size}_{unit}"
    counted, whole = (_counted(one, size, unit) for one in (table, aggregates))
    members = counted["aggregate"].to_numpy() > 0
    by_image = counted["image"].nunique() >= FEWEST_IMAGES
    units, units_whole = _units(counted, by_image), _units(whole, by_image)
    weights = counted["weight"].to_numpy(float)
    counts = np.stack([weights, weights * counted[f"volume_{unit}3"].to_numpy(float)])
    shares = estimates(np.concatenate([members * counts, counts]), units, _ratios, precision)
    number = len(np.unique(_units(counted, False)))
    by_number, by_volume = (_certain(one, number, precision) for one in shares)
    means = np.stack([whole[name].to_numpy(float) for name in ("particles", "coordination")])
    of_whole = whole["weight"].to_numpy(float)
    columns = np.concatenate([means * of_whole, of_whole[None]])
    particles, coordination = estimates(columns, units_whole, _ratios, precision)
    parts = {
        SINGLE: (counted[~members], units[~members]),
        AGGREGATED: (counted[members], units[members]),
        AGGREGATES: (whole, units_whole),
    }
    return Aggregation(
        aggregates,
        by_number,
        by_volume,
        particles,
        coordination,
        {name: group(rows, own, Sizes.of(rows, rules, unit), precision) for name, (rows, own) in parts.items()},
        "images" if by_image else "aggregates",
    )


def _counted(table: "pd.DataFrame", size: str, unit: str) -> "pd.DataFrame":
    """Rows that count, sorted by size, with the columns that are needed."""
    names = ("image", "aggregate", "weight", size, f"volume_{unit}3", "mass_fg", "particles", "coordination")
    found = table.loc[table["weight"] > 0, [name for name in names if name in table]]
    return found.sort_values(size, kind="stable")


def _ratios(sums: Floats) -> Floats:
    """(B, 2) ratios of the first two sums to the others."""
    return over(sums[:, :2], np.broadcast_to(sums[:, 2:], sums[:, :2].shape))


def _units(table: "pd.DataFrame", by_image: bool) -> Ints:
    """(n,) number of the image of each row, or of its aggregate, each single particle being one of its own."""
    images = numbered(table["image"])[0]
    if by_image or not len(table):
        return images
    numbers = table["aggregate"].to_numpy(np.int64)
    own = np.where(numbers > 0, numbers, numbers.max() + 1 + np.arange(len(numbers)))
    return np.unique(images * (own.max() + 1) + own, return_inverse=True)[1].astype(np.int64)


def _certain(share: Estimate, number: int, precision: Precision) -> Estimate:
    """Share with its interval; for 0 or 1, which resampling cannot leave, that of Clopper and Pearson."""
    if share.value not in (0, 1):
        return share
    tail = (1 - precision.confidence_percent / 100) / 2
    reach = tail ** (1 / number)
    return Estimate(share.value, *((0.0, 1 - reach) if share.value == 0 else (reach, 1.0)))
