"""A number, such as what a regression learns."""

import math
from numbers import Real
from typing import Any, Literal

from pydantic import Field

from particleforge.targets.target import Target


class Number(Target):
    """One number per sample; NaN where it is not known."""

    kind: Literal["number"] = "number"
    unit: str = Field("", description="Unit of the number, such as `nm`; empty: a plain number.")

    def pack(self, value: Any) -> float | None:
        """Float as plain data, NaN as null.

        Raises
        ------
        ValueError
            If it is no number, or an infinite one.
        """
        if isinstance(value, bool) or not isinstance(value, Real) or math.isinf(value):
            raise ValueError("a finite number, or NaN where it is not known, is needed")
        return None if math.isnan(value) else float(value)

    def unpack(self, data: float | None) -> float:
        """Float out of plain data."""
        return math.nan if data is None else float(data)
