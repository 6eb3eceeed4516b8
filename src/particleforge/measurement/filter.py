"""Which particles are counted."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from particleforge.measurement.columns import PROPERTIES
from particleforge.params import Params

if TYPE_CHECKING:
    import pandas as pd

FILTERED = "filtered out"
"""Why particles do not count that a filter leaves out."""


class Limit(Params):
    """Limits on a property; particles without a value pass."""

    quantity: Annotated[str, PROPERTIES] = Field(
        "feret_max", description="Property to limit, in nm if the pixel size is known."
    )
    least: float | None = Field(None, title="At least", description="Smallest value counted; empty: no limit.")
    most: float | None = Field(None, title="At most", description="Largest value counted; empty: no limit.")

    def keeps(self, table: "pd.DataFrame") -> "pd.Series[bool]":
        """Whether each row of a particle table is within the limits."""
        names = reversed(PROPERTIES[self.quantity].names)
        values: Any = next((table[name] for name in names if name in table), None)
        kept = _all_of(table)
        if values is None:
            return kept
        if self.least is not None:
            kept &= ~(values < self.least)
        if self.most is not None:
            kept &= ~(values > self.most)
        return kept


class Filter(Params):
    """Which particles are counted."""

    cut_by_border: bool = Field(
        True, title="Particles at the edge", description="Whether particles cut by the border of the image are counted."
    )
    aggregation: Literal["all", "single", "aggregated"] = Field(
        "all",
        title="Single or aggregated",
        description="Whether all particles are counted, only single ones, or only those in aggregates.",
    )
    min_diameter: float | None = Field(
        None, ge=0, description="Smallest equal-area diameter, in nm, or in px if the pixel size is not known."
    )
    max_diameter: float | None = Field(None, ge=0, description="Largest equal-area diameter, in the same unit.")
    min_circularity: float = Field(0.0, ge=0, le=1, description="Smallest circularity; a circle has 1.")
    min_score: float = Field(
        0.0, ge=0, le=1, description="Smallest score from the detector; particles drawn by hand are always counted."
    )
    classes: tuple[str, ...] = Field(
        (), title="Outlines", description="Classes of outlines that are counted, such as round or rod; empty: all."
    )
    limits: tuple[Limit, ...] = Field((), title="More limits", description="Limits on other properties.")

    def keeps(self, table: "pd.DataFrame") -> "pd.Series[bool]":
        """Whether each row of a particle table is counted."""
        kept = _all_of(table) if self.cut_by_border else ~table["touches_border"].astype(bool)
        if self.classes:
            kept &= table["class"].isin(self.classes)
        if self.aggregation != "all" and "aggregate" in table:
            kept &= (table["aggregate"] > 0) == (self.aggregation == "aggregated")
        every = (
            Limit(quantity="ecd", least=self.min_diameter, most=self.max_diameter),
            Limit(quantity="circularity", least=self.min_circularity),
            Limit(quantity="score", least=self.min_score),
            *self.limits,
        )
        for limit in every:
            kept &= limit.keeps(table)
        return kept

    def applied(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """Return a particle table in which what is filtered out has no weight, with this as the reason.

        Examples
        --------
        >>> import numpy as np
        >>> from particleforge.measurement.filter import Filter
        >>> from particleforge.measurement.particles import measure_particles
        >>> table = measure_particles(np.pad(np.ones((4, 6), int), 3))
        >>> Filter(classes=("rod",)).applied(table)[["class", "weight", "excluded"]]
           class  weight      excluded
        0  small     0.0  filtered out
        """
        gone = (~self.keeps(table) & (table["weight"] > 0)).to_numpy()
        if not gone.any():
            return table
        reasons = np.where(gone, FILTERED, table["excluded"].to_numpy(object))
        return table.assign(weight=table["weight"].where(~gone, 0.0), excluded=reasons)


def _all_of(table: "pd.DataFrame") -> "pd.Series[bool]":
    import pandas as pd

    return pd.Series(True, index=table.index)
