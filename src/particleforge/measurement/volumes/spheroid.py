"""An ellipsoid of revolution."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.measurement.arrays import Floats
from particleforge.measurement.volumes.volume import Volume


class Spheroid(Volume):
    r"""Ellipse of the same second moments, rotated about one of its axes, :math:`V = \pi a b c/6`."""

    kind: Literal["spheroid"] = "spheroid"
    about: Literal["long", "short"] = Field(
        "long", description="Axis of rotation: the long one for grains of rice, the short one for lentils."
    )

    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3."""
        long, short = columns["ellipse_major_px"], columns["ellipse_minor_px"]
        third = short if self.about == "long" else long
        return np.asarray(math.pi / 6 * long * short * third, float)
