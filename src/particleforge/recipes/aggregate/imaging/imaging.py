"""The interface of imaging."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, draw_many, number
from particleforge.params import Params
from particleforge.recipes.aggregate import kernels
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.scattering import coefficient_per_nm
from particleforge.recipes.aggregate.spheres import Floats, Spheres
from particleforge.recipes.aggregate.view import View
from particleforge.recipes.blur import gaussian_blur
from particleforge.registry import Kinds

Image = npt.NDArray[np.float32]
FILM_DENSITY_G_CM3 = 2.0
"""Amorphous carbon."""
KNOTS = 33
"""Number of thicknesses at which the signal of a sphere is computed; it is linear between them."""


class Imaging(Params):
    """A transmission microscope; pixels are shares of the incident electrons."""

    voltage_kv: float = Field(300.0, ge=10, le=3000, description="Acceleration voltage.")
    dose: Annotated[Draw, PerImage(), Within(0, 1e12)] = Field(
        Uniform(low=3000, high=6000), description="Dose in electrons per pixel; 0: no shot noise."
    )
    film_nm: Annotated[Draw, PerImage(), Within(0, 1000)] = Field(
        0.0, description="Thickness of a carbon film below the aggregate."
    )

    @abstractmethod
    def expose(self, view: View, spheres: Spheres, materials: Sequence[Material], rng: np.random.Generator) -> Image:
        """Return the (Y, X) image. Called on parameters whose per-image draws are fixed."""

    def _coefficients(
        self,
        spheres: Spheres,
        materials: Sequence[Material],
        range_mrad: tuple[float, float],
        rng: np.random.Generator,
    ) -> Floats:
        """Share of the electrons that each sphere scatters into a range of angles, per nm of a thin layer."""
        found = np.empty(len(spheres))
        for i, material in enumerate(materials):
            these = spheres.materials == i
            mean = coefficient_per_nm(material.formula, material.density_g_cm3, self.voltage_kv, range_mrad)
            found[these] = mean * draw_many(material.orientation_factor, rng, int(these.sum()))
        return found

    def _film(self, range_mrad: tuple[float, float]) -> float:
        """Scattering by the film: coefficient times thickness."""
        return number(self.film_nm) * coefficient_per_nm("C", FILM_DENSITY_G_CM3, self.voltage_kv, range_mrad)

    def _count(self, image: Image, rng: np.random.Generator) -> Image:
        """Add the noise of counting single electrons."""
        dose = number(self.dose)
        return np.asarray(rng.poisson(np.maximum(image, 0) * dose) / dose, np.float32) if dose else image


AnyImaging: TypeAlias = Annotated[Imaging, Kinds(Imaging)]


def thicknesses(radius_nm: float) -> Floats:
    """Thicknesses between zero and the centre of a sphere at which to compute its signal."""
    return np.linspace(0, 2 * radius_nm, KNOTS)


def project(view: View, curves: Iterable[Floats], sigmas_px: Floats) -> Image:
    """Sum of the spheres' signals, each blurred by its own width.

    Parameters
    ----------
    view
        The spheres in the image.
    curves
        Signal of each sphere at its `thicknesses`.
    sigmas_px
        Standard deviation of the blur of each sphere.
    """
    height, width = view.shape
    image = np.zeros(view.shape, np.float32)
    for (y, x), radius, curve, sigma in zip(view.places_px, view.radii_px, curves, sigmas_px, strict=True):
        reach = radius + 4 * sigma + 1
        top, left = math.floor(y - reach), math.floor(x - reach)
        window = np.zeros((math.ceil(y + reach) - top + 1, math.ceil(x + reach) - left + 1), np.float32)
        kernels.draw_sphere(window, (y - top, x - left), radius, curve)
        window = gaussian_blur(window, float(sigma))
        inside = (
            slice(max(0, -top), max(0, min(window.shape[0], height - top))),
            slice(max(0, -left), max(0, min(window.shape[1], width - left))),
        )
        part = window[inside]
        if part.size:
            first, second = top + inside[0].start, left + inside[1].start
            image[first : first + part.shape[0], second : second + part.shape[1]] += part
    return image
