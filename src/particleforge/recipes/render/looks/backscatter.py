"""Back-scattered electrons in a scanning electron microscope."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.recipes.render.engine.view import Plain, View
from particleforge.recipes.render.looks.look import DIFFUSE, ONCE, Floats, Look, directions, rendered, sky
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import Mesh
from particleforge.recipes.render.scene import Scene


class Backscatter(Look):
    """Heavy elements are bright; an annular detector above shows little of the relief.

    The back-scattered share from a flat surface depends on the atomic number as in Reuter (6th Int. Conf. X-ray Optics,
    1972), its rise with tilt is that of Arnal, Verdier and Vincensini (C. R. Acad. Sci. 1969, 268, 1526).
    """

    kind: Literal["backscatter"] = "backscatter"
    inner_deg: Annotated[Draw, PerImage(), Within(0, 80)] = Field(
        Uniform(low=0, high=10), description="Inner angle of the annular detector, from the beam."
    )
    outer_deg: Annotated[Draw, PerImage(), Within(5, 90)] = Field(
        Uniform(low=50, high=75), description="Outer angle of the annular detector, from the beam."
    )

    def bsdf(self, material: Material) -> Plain:
        """Return a cosine distribution."""
        return {"type": "twosided", "surface": DIFFUSE}

    def values(self, mesh: Mesh, material: Material) -> Floats:
        """Return the back-scattered share, by atomic number and by the tilt of the surface at each vertex."""
        z = material.atomic_number
        flat = max(-0.0254 + 0.016 * z - 1.86e-4 * z**2 + 8.3e-7 * z**3, 0.01)
        rise = ((1 + np.abs(mesh.normals[:, 2])) / 2) ** (-9 / np.sqrt(z))
        return np.asarray(np.minimum(flat * rise, 1), np.float32)

    def emitters(self) -> list[Plain]:
        """Return the ring above the scene."""
        polar = np.rad2deg(np.arccos(directions()[..., 2]))
        ring = (polar >= number(self.inner_deg)) & (polar <= number(self.outer_deg))
        return [sky(ring.astype(np.float32))]

    def integrator(self) -> Plain:
        """Return direct paths: electrons reach the detector directly or are lost."""
        return ONCE | {"emitter_samples": 1}

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return the image that Mitsuba rendered."""
        return rendered(view)
