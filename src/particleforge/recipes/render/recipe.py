"""The recipe of rendered scenes."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.draws import Draw, PerImage, Uniform, Within, number
from particleforge.micrograph import Micrograph
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.render.engine.engine import Choice, Engine
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.ground import Ground
from particleforge.recipes.render.looks.any import AnyLook
from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.placement.any import AnyPlacement
from particleforge.recipes.render.placement.scattered import Scattered
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.scene import Scene
from particleforge.recipes.render.truth import truth_table
from particleforge.recipes.shapes.imaging.imaging import Imaging
from particleforge.sample import Sample


class Render(Recipe):
    """Three-dimensional particles, rendered as an instrument would show them, with what is known of each.

    Mitsuba (Jakob et al., mitsuba-renderer.org) renders in a process of its own. Truth does not depend on the image: it
    is one more pass through the middles of the pixels.
    """

    kind: Literal["render"] = "render"
    height_px: int = Field(256, ge=32, le=8192, description="Image height.")
    width_px: int = Field(256, ge=32, le=8192, description="Image width.")
    pixel_size_nm: Annotated[Draw, PerImage(), Within(1e-3, 1e6)] = Field(2.0, description="Side of a pixel.")
    particles: Annotated[Draw, PerImage(), Within(0, 100_000)] = Field(
        Uniform(low=20, high=50), description="Particles in the image."
    )
    populations: tuple[Population, ...] = Field(
        (Population(),), min_length=1, description="Kinds of particles, each with its share."
    )
    placement: AnyPlacement = Field(Scattered(), description="How they lie.")
    ground: Ground = Field(Ground(), description="What they lie on.")
    look: AnyLook = Field(Secondary(), description="The instrument, such as sem_5kv.")
    imaging: Imaging = Field(Imaging(), description="What the microscope adds.")
    samples_per_pixel: int = Field(16, ge=1, le=4096, description="More make the image less grainy, and slower.")
    variant: Choice = Field(
        "auto", description="How Mitsuba computes: on a GPU, compiled or plainly; auto: the fastest that works here."
    )
    threads: int = Field(0, ge=0, le=256, description="Threads of each rendering process; 0: one per core.")

    def prepare(self, sources: Sequence[Sample]) -> Engine:
        """Nothing is taken from sources."""
        return Engine(self.variant, self.threads)

    def frame(self, material: Engine) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Height and width; 8 bits."""
        return (self.height_px, self.width_px), np.uint8

    def simulate(self, material: Engine, rng: np.random.Generator) -> Sample:
        """Return one image with its labels and truth.

        Raises
        ------
        UserError
            If the particles do not fit, or nothing can be rendered.
        """
        scene = self.scene(rng)
        view, grey = self.seen(scene, material, rng)
        image = self.imaging.apply(grey, rng)
        pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        size = scene.pixel_size_nm
        return Sample(
            Micrograph(pixels, (size, size)), view.labels, None, truth_table(scene, view), self.model_dump(mode="json")
        )

    def scene(self, rng: np.random.Generator) -> Scene:
        """Draw particles and put them in their places.

        Raises
        ------
        UserError
            If they do not fit.
        """
        shape, size = (self.height_px, self.width_px), number(self.pixel_size_nm)
        heights = self.ground.heights(shape, size, rng)
        shares = np.array([population.share for population in self.populations])
        counts = rng.multinomial(round(number(self.particles)), shares / shares.sum())
        bodies = [
            body
            for population, count in zip(self.populations, counts, strict=True)
            for body in population.draw(rng, int(count), size)
        ]
        placed = self.placement.place(bodies, heights, rng)
        return Scene(placed, shape, size, self.ground.mesh(heights), self.ground.material)

    def seen(self, scene: Scene, engine: Engine, rng: np.random.Generator) -> tuple[View, npt.NDArray[np.float32]]:
        """Return what is seen in every pixel, and (Y, X) grey values of 0 to 1 before the microscope adds its part."""
        request = self.look.request(scene, self.samples_per_pixel, int(rng.integers(2**31)))
        view = engine.render(request)
        grey = self.look.image(scene, view, rng)
        low, high = np.percentile(grey, (0.1, 99.9))
        return view, np.clip((grey - low) / max(high - low, 1e-6), 0, 1.2).astype(np.float32)
