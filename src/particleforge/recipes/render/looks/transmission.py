"""Transmitted and scattered electrons."""

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

    The transmitted share is exp(-length / mean free path), with the length of the beam inside each particle, computed
    for every pixel; the lengths of particles on top of each other add up.
    """

    kind: Literal["transmission"] = "transmission"
    field: Literal["bright", "dark"] = Field(
        "bright", description="dark: scattered electrons are detected, as in HAADF."
    )
    diffraction: Annotated[Draw, PerParticle(), Within(0.05, 20)] = Field(
        Uniform(low=0.8, high=1.3),
        description="Factor on the contrast of each particle, since crystals diffract differently.",
    )
    film: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.0, high=0.04), description="Mottling of the support film, as a share of the brightness."
    )
    film_nm: Annotated[Draw, PerImage(), Within(0.1, 1e6)] = Field(
        LogUniform(low=3, high=40), description="Width of the mottles."
    )
    fringe: Annotated[Draw, PerImage(), Within(-5, 5)] = Field(
        Uniform(low=-0.6, high=0.6),
        description="Strength of the Fresnel fringe at edges; the sign is that of the defocus.",
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
