"""Secondary electrons in a scanning electron microscope."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.render.engine.view import Plain, View
from particleforge.recipes.render.looks.look import DIFFUSE, ONCE, Floats, Look, directions, rendered, sky
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import Mesh
from particleforge.recipes.render.scene import Scene


class Secondary(Look):
    """Edges are bright, since more electrons leave a tilted surface; hollows are dark, since few escape.

    The yield of a surface tilted by an angle t to the beam varies as cos(t) to the power of -`edge` (Seiler, J. Appl.
    Phys. 1983, 54, R1). Electrons leave with a cosine distribution. The share that reaches the detector is the same
    sum over directions as the light on a matt surface under a sky as bright as the detector is sensitive, so Mitsuba
    can compute it.
    """

    kind: Literal["secondary"] = "secondary"
    edge: Annotated[Draw, PerImage(), Within(0, 3)] = Field(
        Uniform(low=0.5, high=1.1), description="Exponent of the rise of the yield with tilt."
    )
    edge_limit: Annotated[Draw, PerImage(), Within(1, 20)] = Field(
        Uniform(low=2.5, high=5), description="Largest yield relative to that of a flat surface."
    )
    one_sided: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.1, high=0.6), description="Share of the electrons collected from the side of the detector."
    )
    detector_deg: Annotated[Draw, PerImage(), Within(-360, 360)] = Field(
        Uniform(low=0, high=360), description="Direction of the detector: 0 = right, 90 = down."
    )

    def bsdf(self, material: Material) -> Plain:
        """Return a cosine distribution."""
        return {"type": "twosided", "surface": DIFFUSE}

    def values(self, mesh: Mesh, material: Material) -> Floats:
        """Return the yield by the tilt of the surface at each vertex."""
        limit = number(self.edge_limit)
        upright = np.clip(np.abs(mesh.normals[:, 2]), 1e-6, 1)
        return np.float32(material.se_yield) * np.minimum(upright ** -number(self.edge), limit).astype(np.float32)

    def emitters(self) -> list[Plain]:
        """Return the sensitivity of the detector by direction: zero from below."""
        side, angle = number(self.one_sided), np.deg2rad(number(self.detector_deg))
        towards = directions() @ (np.array([np.cos(angle), np.sin(angle), 0.5]) / np.sqrt(1.25))
        above = directions()[..., 2] > 0
        return [sky(np.where(above, 1 - side + 3 * side * np.clip(towards, 0, 1) ** 2, 0).astype(np.float32))]

    def integrator(self) -> Plain:
        """Return direct paths: electrons reach the detector directly or are lost."""
        return ONCE

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the image that Mitsuba rendered."""
        return rendered(view)
