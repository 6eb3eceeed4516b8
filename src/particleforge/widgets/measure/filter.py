"""Which particles count."""

from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from particleforge.measurement.columns import PROPERTIES
from particleforge.params import Params


class Limit(Params):
    """Bounds on a property; what has no value is not bound by it."""

    quantity: Annotated[str, PROPERTIES] = Field(
        "feret_max", description="The property, in nm where the pixel size is known."
    )
    least: float | None = Field(None, description="Smallest value that counts; empty: no limit.")
    most: float | None = Field(None, description="Largest value that counts; empty: no limit.")

    def keeps(self, table: pd.DataFrame) -> "pd.Series[bool]":
        """Whether each row of a particle table is within the bounds."""
        names = reversed(PROPERTIES[self.quantity].names)
        values: Any = next((table[name] for name in names if name in table), None)
        kept = pd.Series(True, index=table.index)
        if values is None:
            return kept
        if self.least is not None:
            kept &= ~(values < self.least)
        if self.most is not None:
            kept &= ~(values > self.most)
        return kept


class Filter(Params):
    """Which particles count."""

    cut_by_border: bool = Field(True, description="Whether particles cut by the border of the image count.")
    min_diameter: float | None = Field(
        None, ge=0, description="Least equal-area diameter, in nm, or in px where the pixel size is not known."
    )
    max_diameter: float | None = Field(None, ge=0, description="Largest equal-area diameter, in the same unit.")
    min_circularity: float = Field(0.0, ge=0, le=1, description="Least circularity; 1 is a circle.")
    min_score: float = Field(0.0, ge=0, le=1, description="Least score the detector gave it; drawn ones always count.")
    limits: tuple[Limit, ...] = Field((), description="Bounds on any other property.")

    def keeps(self, table: pd.DataFrame) -> "pd.Series[bool]":
        """Whether each row of a particle table counts."""
        kept = pd.Series(True, index=table.index) if self.cut_by_border else ~table["touches_border"].astype(bool)
        every = (
            Limit(quantity="ecd", least=self.min_diameter, most=self.max_diameter),
            Limit(quantity="circularity", least=self.min_circularity),
            Limit(quantity="score", least=self.min_score),
            *self.limits,
        )
        for limit in every:
            kept &= limit.keeps(table)
        return kept
