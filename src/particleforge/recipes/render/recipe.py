"""The recipe of rendered scenes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Draw, LogUniform, PerImage, Uniform, Within, number, with_probability
from particleforge.micrograph import Micrograph
from particleforge.recipes.imaging.charging import Charging
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.imaging.jpeg import Jpeg
from particleforge.recipes.imaging.optics import Optics
from particleforge.recipes.imaging.read import Read
from particleforge.recipes.imaging.scan import Scan
from particleforge.recipes.imaging.shot import Shot
from particleforge.recipes.imaging.tone import Tone
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.render.engine.engine import SHORT, VARIANTS, Choice, Engine
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.ground import Ground
from particleforge.recipes.render.imaging.focus import Focus
from particleforge.recipes.render.imaging.scale_bar import ScaleBar
from particleforge.recipes.render.imaging.vignette import Vignette
from particleforge.recipes.render.looks.look import AnyLook
from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.placement.placement import AnyPlacement
from particleforge.recipes.render.placement.scattered import Scattered
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.scene import Scene
from particleforge.recipes.render.truth import outlines, truth_table
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.targets.outlines import Outlines

IMAGING = Imaging(
    charging=Charging(glow=0, streaks=0),
    optics=Optics(sigma_px=Uniform(low=0.4, high=1.2)),
    shot=Shot(at_white=Uniform(low=0.01, high=0.05)),
    read=Read(sd=Uniform(low=0.005, high=0.04), grain_px=with_probability(0.4, Uniform(low=0.4, high=0.9))),
    scan=Scan(brightness=with_probability(0.3, Uniform(low=0.003, high=0.015)), jitter_px=0),
    tone=Tone(
        dark=Uniform(low=0.0, high=0.2), bright=Uniform(low=0.75, high=1.05), gamma=LogUniform(low=0.75, high=1.3)
    ),
    jpeg=Jpeg(loss=0),
)
"""Effects of a good, well-adjusted microscope."""
OF_PREVIEW = 4
"""Largest number of samples per pixel in a preview."""


class Render(Recipe):
    """Three-dimensional particles, rendered as an instrument would show them, with the truth for each.

    Mitsuba (Jakob et al., mitsuba-renderer.org) renders in a separate process. The truth does not depend on the image:
    it comes from one more pass through the centres of the pixels.
    """

    front: ClassVar[tuple[str, ...]] = ("particles", "pixel_size_nm", "populations")

    kind: Literal["render"] = "render"
    height_px: int = Field(256, ge=32, le=8192, description="Image height.")
    width_px: int = Field(256, ge=32, le=8192, description="Image width.")
    pixel_size_nm: Annotated[Draw, PerImage(), Within(1e-3, 1e6)] = Field(2.0, description="Side of a pixel.")
    particles: Annotated[Draw, PerImage(), Within(0, 100_000)] = Field(
        Uniform(low=20, high=50), description="Number of particles in the image."
    )
    populations: tuple[Population, ...] = Field(
        (Population(),), min_length=1, description="Kinds of particles and their shares."
    )
    placement: AnyPlacement = Field(Scattered(), description="Arrangement of the particles.")
    ground: Ground = Field(Ground(), description="Support under the particles.")
    look: AnyLook = Field(Secondary(), description="The instrument, such as sem_5kv.")
    focus: Focus = Field(Focus(), description="Depth of focus.")
    vignette: Vignette = Field(Vignette(), description="Uneven brightness of the field of view.")
    imaging: Imaging = Field(IMAGING, description="Effects of the detector.")
    scale_bar: ScaleBar = Field(ScaleBar(), description="Burnt-in scale bar.")
    samples_per_pixel: int = Field(
        8, ge=1, le=4096, description="More samples make the image less noisy, but slower to render."
    )
    variant: Choice = Field(
        "auto",
        description="How Mitsuba computes: on a GPU, compiled or interpreted; auto: the fastest that works here.",
    )
    threads: int = Field(0, ge=0, le=256, description="Threads of each rendering process; 0: one per core.")

    def prepare(self, sources: Sequence[Sample]) -> Engine:
        """Return an engine and find out which variants work here; no sources are needed.

        Raises
        ------
        UserError
            If the requested variant does not run here.
        """
        engine = Engine(self.variant, self.threads)
        _ = engine.variants
        return engine

    def frame(self, prepared: Engine) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Height and width; 8 bits."""
        return (self.height_px, self.width_px), np.uint8

    @override
    def sample_schema(self, prepared: Engine) -> Schema:
        return Schema(targets={"outlines": Outlines()})

    def simulate(self, prepared: Engine, rng: np.random.Generator) -> Sample:
        """Return one image with its labels and truth.

        Raises
        ------
        UserError
            If the particles do not fit, or rendering fails.
        """
        scene = self.scene(rng)
        view, grey = self.seen(scene, prepared, rng)
        grey = self.vignette.apply(self.focus.apply(grey, view.depth), rng)
        pixels = np.rint(np.clip(self.imaging.apply(grey, rng), 0, 1) * 255).astype(np.uint8)
        size = scene.pixel_size_nm
        hidden = self.scale_bar.write(pixels, size) & (view.labels > 0)
        truth = truth_table(scene, view)
        return Sample(
            Micrograph(pixels, (size, size)),
            view.labels,
            ~hidden if hidden.any() else None,
            truth,
            self.model_dump(mode="json") | {"variant": SHORT[view.variant]},
            targets={"outlines": outlines(scene, truth["visible_fraction"])},
        )

    @override
    def coarse(self) -> Self:
        return self.replace(samples_per_pixel=min(OF_PREVIEW, self.samples_per_pixel))

    @override
    def context_key(self) -> Any:
        return self.variant, self.threads

    @override
    @classmethod
    def made_by(cls, record: Mapping[str, Any]) -> str:
        variant = VARIANTS.get(str(record.get("variant")))
        return f"Rendered by Mitsuba, {variant}." if variant else ""

    def scene(self, rng: np.random.Generator) -> Scene:
        """Draw particles and place them.

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
        """Return the view, and (Y, X) grey values of 0 to 1 before the effects of the microscope."""
        request = self.look.request(scene, self.samples_per_pixel, int(rng.integers(2**31)))
        view = engine.render(request)
        grey = self.look.image(scene, view, rng)
        low, high = np.percentile(grey, (0.1, 99.9))
        return view, np.clip((grey - low) / max(high - low, 1e-6), 0, 1.2).astype(np.float32)
