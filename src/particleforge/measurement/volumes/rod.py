"""A cylinder with hemispherical ends."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.volumes.volume import Volume


class Rod(Volume):
    r"""Cylinder with hemispherical ends, :math:`V = \pi w^2 (l - w)/4 + \pi w^3/6`.

    Length l and width w are the largest and the smallest Feret diameters.
    """

    kind: Literal["rod"] = "rod"

    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3."""
        length, width = columns["feret_max_px"], columns["feret_min_px"]
        return np.asarray(math.pi / 4 * width**2 * (length - width) + math.pi / 6 * width**3, float)
