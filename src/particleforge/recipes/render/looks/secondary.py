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
    """Edges are bright, since a tilted surface lets more electrons out; hollows are dark, since few get away.

    The yield of a surface tilted by an angle t to the beam goes with cos(t) to the power of -`edge` (Seiler, J. Appl.
    Phys. 1983, 54, R1). Electrons leave with a cosine distribution. What part of them reaches the detector is the same
    sum over directions as that of the light a matt surface gets from a sky as bright as the detector is sensitive, so
    Mitsuba does it.
    """

    kind: Literal["secondary"] = "secondary"
    edge: Annotated[Draw, PerImage(), Within(0, 3)] = Field(
        Uniform(low=0.5, high=1.1), description="Exponent of the yield's rise with tilt."
    )
    edge_limit: Annotated[Draw, PerImage(), Within(1, 20)] = Field(
        Uniform(low=2.5, high=5), description="Largest yield over that of a flat surface."
    )
    one_sided: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.1, high=0.6), description="Share of the electrons that the detector draws from its side."
    )
    detector_deg: Annotated[Draw, PerImage(), Within(-360, 360)] = Field(
        Uniform(low=0, high=360), description="Side of the detector: 0 = right, 90 = below."
    )

    def bsdf(self, material: Material) -> Plain:
        """Cosine distribution."""
        return {"type": "twosided", "surface": DIFFUSE}

    def values(self, mesh: Mesh, material: Material) -> Floats:
        """Yield by the tilt of the surface at each vertex."""
        limit = number(self.edge_limit)
        upright = np.clip(np.abs(mesh.normals[:, 2]), 1e-6, 1)
        return np.float32(material.se_yield) * np.minimum(upright ** -number(self.edge), limit).astype(np.float32)

    def emitters(self) -> list[Plain]:
        """Sensitivity of the detector by direction: nothing comes from below."""
        side, angle = number(self.one_sided), np.deg2rad(number(self.detector_deg))
        towards = directions() @ (np.array([np.cos(angle), np.sin(angle), 0.5]) / np.sqrt(1.25))
        above = directions()[..., 2] > 0
        return [sky(np.where(above, 1 - side + 3 * side * np.clip(towards, 0, 1) ** 2, 0).astype(np.float32))]

    def integrator(self) -> Plain:
        """Electrons go straight to the detector or are lost."""
        return ONCE

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return what Mitsuba rendered."""
        return rendered(view)
