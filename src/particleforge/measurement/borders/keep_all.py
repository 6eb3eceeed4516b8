"""Keep particles cut by the border."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.measurement.arrays import Floats
from particleforge.measurement.borders.border import Border


class KeepAll(Border):
    """All particles count; of those cut by the border, the visible part is measured."""

    remains = "how much smaller the visible part of a cut particle is than the whole is not known"

    kind: Literal["keep_all"] = Field("keep_all", title="count all")

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
        """(n,) ones."""
        return np.ones(len(columns["touches_border"]))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return "All particles count; those cut by the border with their visible part, so they are too small."
