"""Count particles by the position of their centroid."""

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.measurement.arrays import Floats
from particleforge.measurement.borders.border import Border


class GuardFrame(Border):
    """Particles whose centroid lies inside a frame count; unbiased if none of them touches the border."""

    exclusion = "outside the guard frame"
    effect = "none"
    remains = "this rule has no bias if no particle that counts is cut"

    kind: Literal["guard_frame"] = Field("guard_frame", title="count by centroid (guard frame)")
    guard_px: float | None = Field(
        None, ge=0, description="Width of the frame along the border; empty: half the largest Feret diameter."
    )

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) 1 where the centroid is inside, 0 outside."""
        guard = self.guard_px
        if guard is None:
            guard = math.ceil(float(np.max(columns["feret_max_px"], initial=0)) / 2)
        inside = np.ones(len(columns["x_px"]), np.bool_)
        for centre, length in ((columns["y_px"], shape[0]), (columns["x_px"], shape[1])):
            inside &= (centre >= guard - 0.5) & (centre < length - guard - 0.5)
        return inside.astype(float)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        width = "half the largest Feret diameter" if self.guard_px is None else f"{self.guard_px:g} px"
        return f"Particles count if their centroid is more than {width} away from the border (guard frame)."
