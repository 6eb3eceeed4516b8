"""A number, for example the target of a regression."""

import math
from numbers import Real
from typing import Any, Literal

from pydantic import Field

from particleforge.targets.target import Target


class Number(Target):
    """One number per sample; NaN if it is not known."""

    kind: Literal["number"] = "number"
    unit: str = Field("", description="Unit of the number, for example `nm`; empty: a number without a unit.")

    def pack(self, value: Any) -> float | None:
        """Float as plain data, NaN as null.

        Raises
        ------
        ValueError
            If it is not a number, or is infinite.
        """
        if isinstance(value, bool) or not isinstance(value, Real) or math.isinf(value):
            raise ValueError("a finite number is needed, or NaN if it is not known")
        return None if math.isnan(value) else float(value)

    def unpack(self, data: float | None) -> float:
        """Float from plain data."""
        return math.nan if data is None else float(data)
