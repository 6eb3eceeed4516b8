"""The recipe of domain-randomised particles."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Choice, Draw, LogUniform, Mixture, PerImage, Uniform, Within, number, with_probability
from particleforge.micrograph import Micrograph
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.clutter.clutter import AnyClutter, Clutter, Reference
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.lettering import write_letters
from particleforge.recipes.placement import Crowding, Scene
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.shapes import kernels
from particleforge.recipes.shapes.background.background import Background
from particleforge.recipes.shapes.population import Drawn, Population
from particleforge.recipes.shapes.support import Support
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.targets.outlines import Outlines

Floats = npt.NDArray[np.float32]
GIVE_UP = 25
"""Number of particles in a row that find no place before the image counts as full."""


class Shapes(Recipe):
    """Particles of many kinds on backgrounds of many kinds, as varied from image to image as possible.

    What is learned from them carries over to images that nobody has annotated (domain randomisation: Tobin et al., IROS
    2017, doi:10.1109/IROS.2017.8202133). Grey values are relative, 0 = black and 1 = white, until the image is written.
    """

    front: ClassVar[tuple[str, ...]] = ("height_px", "width_px", "first")

    kind: Literal["shapes"] = "shapes"
    height_px: int = Field(256, ge=32, le=16384, description="Image height.")
    width_px: int = Field(256, ge=32, le=16384, description="Image width.")
    first: Population = Field(Population(), description="Particles of the first kind.")
    second: Population = Field(Population(), description="Particles of the second kind.")
    second_share: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.2, Uniform(low=0.1, high=0.6)), description="Share of particles of the second kind."
    )
    coverage: Annotated[Draw, PerImage(), Within(0, 3)] = Field(
        Mixture(parts=(LogUniform(low=0.01, high=0.3), Uniform(low=0.3, high=1.2)), weights=(0.5, 0.5)),
        description="Ratio of the total area of the particles to that of the image; may exceed 1 if they overlap.",
    )
    most: int = Field(250, ge=1, le=100_000, description="Maximum number of particles in an image.")
    overlap: Annotated[Draw, PerImage(), Within(0, 0.95)] = Field(
        Choice(values=(0, 0, 0.3, 0.6)), description="Share of a particle that others may cover."
    )
    min_visible: float = Field(0.35, gt=0, le=1, description="Share of each particle's area that stays visible.")
    transparency: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Choice(values=(0, 0, 1)),
        description="1: grey values of overlapping particles add up; 0: the upper particle hides the lower.",
    )
    clustering: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Mixture(parts=(Choice(values=(0,)), Uniform(low=0, high=1)), weights=(0.4, 0.6)),
        description="Share of particles placed in contact with another.",
    )
    chains: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Choice(values=(0, 0, 0, 1)), description="Share of these that touch the last one, which forms chains."
    )
    gap_px: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        Choice(values=(0, 0, 1, 2)), description="Gap between particles placed in contact."
    )
    lattice: Annotated[Draw, PerImage(), Within(0, 5)] = Field(
        with_probability(0.15, Uniform(low=0.98, high=1.3)),
        description="Spacing in a hexagonal layer, in median diameters; 0: no layer.",
    )
    buried: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        with_probability(0.12, Uniform(low=0.2, high=0.7)),
        description="Contrast of unlabelled particles far below, out of focus.",
    )
    level: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0.08, high=0.9), description="Grey of the background."
    )
    background: Background = Field(Background(), description="Background behind the particles.")
    imaging: Imaging = Field(Imaging(), description="Effects of the microscope.")
    lettering: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        with_probability(0.5, Uniform(low=0.51, high=3.49)),
        description="Number of burnt-in labels and scale bars, which are not particles.",
    )
    clutter: tuple[AnyClutter, ...] = Field(
        (), description="Kinds of structures behind the particles that are not particles, to choose from."
    )
    clutter_kinds: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        0.0, description="Number of these kinds in an image, rounded to an integer."
    )
    support: Support = Field(Support(), description="Thick support that carries the particles.")
    lower_layers: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        0.0, description="How much fainter the lowest of overlapping particles are than the uppermost; 1: invisible."
    )
    labelled_from_px: float = Field(
        0.0, ge=0, le=10_000, description="Particles of a smaller diameter are drawn but not labelled."
    )

    def prepare(self, sources: Sequence[Sample]) -> None:
        """Do nothing: no sources are needed."""

    def frame(self, prepared: None) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Height and width; 8 bits."""
        return (self.height_px, self.width_px), np.uint8

    @override
    def sample_schema(self, prepared: None) -> Schema:
        return Schema(targets={"outlines": Outlines()})

    def simulate(self, prepared: None, rng: np.random.Generator) -> Sample:
        """Return one image with its labels and truth."""
        shape = self.height_px, self.width_px
        canvas = self.background.apply(np.full(shape, number(self.level), np.float32), rng)
        particles = Reference(number(self.first.contrast), number(self.first.diameter_px))
        clutter = self._chosen_clutter(rng)
        for one in clutter:
            canvas = canvas if one.in_front else one.apply(canvas, particles, rng)
        canvas, places = self.support.apply(canvas, particles.diameter_px, rng)
        contact = number(self.clustering), number(self.chains), number(self.gap_px)
        crowding = Crowding(self.min_visible, number(self.overlap), True, *contact)
        if buried := number(self.buried):
            below, _ = self._fill(Scene(canvas, self.most + 1, crowding, places), buried, rng)
            canvas = gaussian_blur(below.image, max(2.0, 0.15 * particles.diameter_px))
        scene, placed = self._fill(Scene(canvas, self.most + 1, crowding, places), 1.0, rng)
        image = scene.image
        for one in clutter:
            image = one.apply(image, particles, rng) if one.in_front else image
        image = self.imaging.apply(image, rng)
        hidden = write_letters(image, round(number(self.lettering)), (0.0, 1.0), rng)
        truth = _truth(scene, placed)
        small = truth["label"][truth["diameter_px"] < self.labelled_from_px]
        labels, known = _without(np.where(np.isin(scene.labels, small), 0, scene.labels), hidden)
        pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        kept = truth[truth["label"].isin(np.unique(labels))].reset_index(drop=True)
        outlines = scene.outlines()
        targets = {"outlines": tuple(outlines[label - 1] for label in kept["label"])}
        return Sample(Micrograph(pixels), labels, known, kept, self.model_dump(mode="json"), targets=targets)

    def _chosen_clutter(self, rng: np.random.Generator) -> list[Clutter]:
        """Kinds of clutter of this image."""
        count = min(round(number(self.clutter_kinds)), len(self.clutter))
        return [self.clutter[i] for i in rng.choice(len(self.clutter), count, replace=False)] if count else []

    def _fill(self, scene: Scene, strength: float, rng: np.random.Generator) -> tuple[Scene, list[Drawn]]:
        """Put particles into a scene until all are placed or no more fit."""
        particles = list(self._particles(scene.shape, rng))
        lattice = self._lattice(scene.shape, rng)
        opacity = 1 - number(self.transparency)
        level = number(self.level)
        placed: list[Drawn] = []
        missed = 0
        for index, (population, particle) in enumerate(particles):
            if missed == GIVE_UP:
                break
            place = scene.place_near(particle, lattice) if lattice else scene.place(particle, rng, exhaustive=False)
            if place is None:
                missed += 1
                continue
            missed = 0
            own = strength * (1 - number(self.lower_layers) * (1 - index / len(particles)))
            if population.halo_px:
                amplitude = own * number(population.halo)
                kernels.glow(scene.image, particle.depth, place, amplitude, population.halo_px)
            scene.paste(particle, place, (own * particle.contrast, level * opacity), opacity)
            placed.append(particle)
        return scene, placed

    def _particles(self, shape: tuple[int, ...], rng: np.random.Generator) -> Iterator[tuple[Population, Drawn]]:
        """Particles of both kinds, largest first where they must not overlap, because they pack better that way."""
        height, width = shape[:2]
        area = number(self.coverage) * height * width
        drawn: list[tuple[Population, Drawn]] = []
        for population, share in (
            (self.first, 1 - number(self.second_share)),
            (self.second, number(self.second_share)),
        ):
            largest = 0.8 * min(height, width)
            usual = np.mean(population.outlined(rng, 64, largest)[0] ** 2) * np.pi / 4
            count = min(round(share * area / usual + rng.random()), round(share * self.most)) if area else 0
            drawn += [(population, particle) for particle in population.draw(rng, count, largest)]
        order = rng.permutation(len(drawn))
        if not number(self.overlap):
            order = np.array(sorted(order, key=lambda i: -drawn[i][1].diameter_px), int)
        for i in order:
            yield drawn[i]

    def _lattice(self, shape: tuple[int, ...], rng: np.random.Generator) -> list[tuple[float, float]]:
        """Places of a hexagonal layer in random order; empty without a layer."""
        pitch = number(self.lattice) * number(self.first.diameter_px)
        if not pitch:
            return []
        reach = int(max(shape) / pitch) + 2
        a, b = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
        y, x = pitch * np.sqrt(0.75) * a, pitch * (b + a / 2)
        angle, jitter = rng.uniform(0, np.pi), rng.uniform(0, 0.06) * pitch
        middle = np.array(shape) / 2 + rng.uniform(-pitch, pitch, 2)
        places = (
            middle
            + np.stack([y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)], -1)
            + rng.normal(0, jitter, (len(y), 2))
        )
        inside = ((places > 0) & (places < shape)).all(1)
        return [(float(y), float(x)) for y, x in rng.permutation(places[inside])]


def _without(
    labels: npt.NDArray[np.uint32], hidden: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_] | None]:
    """Labels without particles more than half hidden by letters; hidden parts of other particles count as unknown."""
    hidden = hidden & (labels > 0)
    if not hidden.any():
        return labels, None
    areas = np.bincount(labels.ravel())
    lost = np.bincount(labels[hidden], minlength=len(areas)) > areas / 2
    return np.where(lost[labels], 0, labels).astype(np.uint32), ~(hidden | lost[labels])


def _truth(scene: Scene, placed: Sequence[Drawn]) -> pd.DataFrame:
    """One row per particle."""
    centres = np.array(scene.centres, float).reshape(-1, 2)
    return pd.DataFrame(
        {
            "label": np.arange(1, len(placed) + 1, dtype=np.uint32),
            "x_px": centres[:, 1],
            "y_px": centres[:, 0],
            "diameter_px": [particle.diameter_px for particle in placed],
            "feret_max_px": [particle.feret_max_px for particle in placed],
            "feret_min_px": [particle.feret_min_px for particle in placed],
            "visible_fraction": scene.visible_fractions,
        }
    )
