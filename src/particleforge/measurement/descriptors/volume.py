"""Volume of a particle of which only the projection is seen: a model, chosen and named."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from particleforge.measurement.descriptors.runs import Floats
from particleforge.params import Params


class Volume(Params):
    """What body a projection is taken for."""

    @abstractmethod
    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3 from the other columns in px."""


class Sphere(Volume):
    r"""Sphere of the same projected area, :math:`V = \pi d^3/6` with the equal-area diameter d."""

    kind: Literal["sphere"] = "sphere"

    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3."""
        return np.asarray(math.pi / 6 * columns["ecd_px"] ** 3, float)


class Spheroid(Volume):
    r"""Ellipse of the same second moments, turned about one of its axes, :math:`V = \pi a b c/6`."""

    kind: Literal["spheroid"] = "spheroid"
    about: Literal["long", "short"] = Field(
        "long", description="Axis it is turned about: the long one for grains of rice, the short one for lentils."
    )

    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3."""
        long, short = columns["ellipse_major_px"], columns["ellipse_minor_px"]
        third = short if self.about == "long" else long
        return np.asarray(math.pi / 6 * long * short * third, float)


class Rod(Volume):
    r"""Cylinder with half spheres as its ends, :math:`V = \pi w^2 (l - w)/4 + \pi w^3/6`.

    Length l and width w are the largest and the smallest Feret diameter.
    """

    kind: Literal["rod"] = "rod"

    def volume(self, columns: Mapping[str, Floats]) -> Floats:
        """(n,) volume in px3."""
        length, width = columns["feret_max_px"], columns["feret_min_px"]
        return np.asarray(math.pi / 4 * width**2 * (length - width) + math.pi / 6 * width**3, float)


AnyVolume: TypeAlias = Annotated[Sphere | Spheroid | Rod, Field(discriminator="kind")]
