"""Electrons that go through."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, LogUniform, PerImage, PerParticle, Uniform, Within, draw_many, number
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.noise import cloud
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.looks.look import Floats, Look
from particleforge.recipes.render.scene import Scene


class Transmission(Look):
    """Bright or dark field in a (scanning) transmission electron microscope.

    What is left of the beam is the exponential of minus the length inside each particle over its mean free path. The
    lengths are those along the beam through every pixel, also where particles lie above each other.
    """

    kind: Literal["transmission"] = "transmission"
    field: Literal["bright", "dark"] = Field("bright", description="dark: what is scattered is seen, as in HAADF.")
    diffraction: Annotated[Draw, PerParticle(), Within(0.05, 20)] = Field(
        Uniform(low=0.8, high=1.3), description="Factor on a particle's contrast, by which crystals differ."
    )
    film: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.0, high=0.04), description="Mottling of the support film, as a share of the brightness."
    )
    film_nm: Annotated[Draw, PerImage(), Within(0.1, 1e6)] = Field(
        LogUniform(low=3, high=40), description="Width of the mottles."
    )
    fringe: Annotated[Draw, PerImage(), Within(-5, 5)] = Field(
        Uniform(low=-0.6, high=0.6), description="Strength of the Fresnel fringe at edges; its sign is that of defocus."
    )
    fringe_nm: Annotated[Draw, PerImage(), Within(0.01, 1e5)] = Field(
        Uniform(low=1, high=3), description="Width of the fringe."
    )

    def image(self, scene: Scene, view: View, rng: np.random.Generator) -> Floats:
        """Return transmitted or scattered intensity."""
        factors = draw_many(self.diffraction, rng, len(scene.bodies))
        paths = [body.material.mean_free_path_nm / scene.pixel_size_nm for body in scene.bodies]
        left = np.exp(-scene.summed([float(f / path) for f, path in zip(factors, paths, strict=True)]))
        width = number(self.fringe_nm) / scene.pixel_size_nm
        left = left + np.float32(number(self.fringe)) * (left - gaussian_blur(left, width))
        bump = max(2.0, number(self.film_nm) / scene.pixel_size_nm)
        film = np.float32(number(self.film)) * cloud(scene.shape, bump, max(2.0, bump / 4), rng)
        return np.asarray(left * (1 + film) if self.field == "bright" else 1 - left * (1 - np.abs(film)), np.float32)
