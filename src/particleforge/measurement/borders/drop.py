"""Leave out particles cut by the border."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.measurement.arrays import Floats
from particleforge.measurement.borders.border import Border


class Drop(Border):
    """Particles that touch the border do not count; the mean comes out too small."""

    effect = "estimated"
    remains = "difference from compensated sizes (Miles-Lantuejoul), as a rectangular distribution"

    kind: Literal["drop"] = Field("drop", title="leave out")

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) 1 inside, 0 at the border."""
        return np.where(columns["touches_border"], 0.0, 1.0)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return "Particles that touch the border do not count. Large ones touch it more often, so sizes are biased low."
