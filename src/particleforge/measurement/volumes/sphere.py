"""A sphere."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.volumes.volume import Volume


class Sphere(Volume):
    r"""Sphere of the same projected area, :math:`V = \pi d^3/6` with the equal-area diameter d."""

    kind: Literal["sphere"] = "sphere"

    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3."""
        return np.asarray(math.pi / 6 * columns["ecd_px"] ** 3, float)
