"""The cut-paste recipe."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from typing_extensions import override

from particleforge.draws import Choice, Draw, PerImage, PerParticle, Uniform, Within, draw_many, number
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.blur import gaussian_blur
from particleforge.recipes.cutpaste.canvases.auto import Auto
from particleforge.recipes.cutpaste.canvases.canvas import AnyCanvas, CanvasMaker
from particleforge.recipes.cutpaste.cutouts import Cutout, CutoutRule, Pool, cut_out
from particleforge.recipes.cutpaste.turned import Turned, turn
from particleforge.recipes.lettering import write_letters
from particleforge.recipes.placement import Crowding, Scene
from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.targets.outlines import Outlines


@dataclass(frozen=True, eq=False)
class Home:
    """One source image, or all of them mixed: particles, canvases and typical properties."""

    cutouts: list[Cutout]
    canvases: CanvasMaker
    shape: tuple[int, int]
    grey_range: tuple[float, float]
    extremes: tuple[float, float]
    densities_per_px: npt.NDArray[np.float64]
    crowding: tuple[float, float]
    pixel_size_nm: float | None


@dataclass(frozen=True, eq=False)
class Prepared:
    """What `CutPaste` prepares once for all samples."""

    homes: list[Home]
    pool: Pool
    dtype: np.dtype[Any]


class CutPaste(Recipe):
    """Annotated particles, cut out, rotated, scaled and pasted onto canvases.

    The method of UTILE-Gen (Colliard-Granero et al., ACS Nanosci. Au 2023, 3, 398), but every requested particle is
    visible, collisions are tested with the masks, edges are soft, and canvases contain no unlabelled particles.
    """

    takes_annotated: ClassVar[bool] = True
    front: ClassVar[tuple[str, ...]] = ("particles", "overlap", "scale")

    kind: Literal["cutpaste"] = "cutpaste"
    height_px: int | None = Field(None, ge=16, le=65536, description="Image height; empty: that of the source.")
    width_px: int | None = Field(None, ge=16, le=65536, description="Image width; empty: that of the source.")
    mix_sources: bool = Field(
        False,
        description="Whether particles of one image are pasted onto canvases of another; this mixes magnifications.",
    )
    particles: Annotated[Draw | None, PerImage(), Within(0, 10_000_000)] = Field(
        None,
        description="Number of particles per image; empty: the density of fully annotated images times 0.5 to 1.5, "
        "or 5 to 60 % of the area for partly annotated images.",
    )
    overlap: Annotated[Draw, PerImage(), Within(0, 0.95)] = Field(
        Choice(values=(0, 0, 0.3)), description="Share of a particle that others may cover; 0: particles never overlap."
    )
    min_visible: float = Field(
        0.35, gt=0, le=1, description="Share of each particle's area that stays visible, even if it is covered or cut."
    )
    cut_by_border: bool = Field(True, description="Whether particles may be cut by the image border.")
    clustering: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.6), description="Share of particles placed in contact with another."
    )
    scale: Annotated[Draw, PerParticle(), Within(0.05, 20)] = Field(
        Uniform(low=0.8, high=1.25), description="Size factor of each particle."
    )
    angle_deg: Annotated[Draw, PerParticle(), Within(-360, 360)] = Field(
        Uniform(low=0, high=360), description="Rotation of each particle."
    )
    flip: bool = Field(True, description="Whether half of the particles are mirrored.")
    grey_gain: Annotated[Draw, PerParticle(), Within(0.1, 10)] = Field(
        Uniform(low=0.92, high=1.08), description="Factor applied to each particle's contrast to the background."
    )
    canvas: AnyCanvas = Field(Auto(), description="What particles are pasted onto.")
    cutouts: CutoutRule = Field(CutoutRule(), description="Which annotated particles are cut out.")
    lettering: Annotated[Draw, PerImage(), Within(0, 100)] = Field(
        Uniform(low=0.5, high=4.5),
        description="Number of burnt-in labels and scale bars per image, which are not particles.",
    )
    blur_sigma_px: Annotated[Draw, PerImage(), Within(0, 50)] = Field(
        Uniform(low=0, high=0.3), description="Gaussian blur of the whole image."
    )
    noise: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        0.0, description="Gaussian noise as a share of the grey range of the sources."
    )
    salt_pepper: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        0.0, description="Share of pixels set to the darkest or brightest grey."
    )

    def prepare(self, sources: Sequence[Sample]) -> Prepared:
        """Cut out particles and prepare canvases.

        Raises
        ------
        UserError
            If no particle can be cut out or no canvas can be made.
        """
        if not sources:
            raise UserError("Cut-paste needs at least one annotated image; none was given.")
        pool = cut_out(sources, self.cutouts)
        groups = [range(len(sources))] if self.mix_sources else [range(i, i + 1) for i in range(len(sources))]
        homes, problem = [], None
        for group in groups:
            try:
                homes += [home for home in [self._home(sources, group, pool)] if home]
            except UserError as error:  # one image without background must not stop the others
                problem = error
        if not homes and problem:
            raise problem
        return Prepared(homes, pool, _image_dtype({sample.micrograph.pixels.dtype for sample in sources}))

    def _home(self, samples: Sequence[Sample], group: range, pool: Pool) -> Home | None:
        """Particles and canvases of some sources; None if no particle can be cut out of them."""
        sources = samples[group.start : group.stop]
        cutouts = [cutout for cutout in pool.cutouts if cutout.image in group]
        if not cutouts:
            return None
        height, width = sources[0].micrograph.shape
        low, high = np.percentile([np.percentile(s.micrograph.grey[::2, ::2], (0.5, 99.5)) for s in sources], (0, 100))
        return Home(
            cutouts=cutouts,
            canvases=self.canvas.prepare(sources),
            shape=(self.height_px or height, self.width_px or width),
            grey_range=(float(low), float(max(high, low + 1e-6))),
            extremes=(
                min(float(sample.micrograph.grey.min()) for sample in sources),
                max(float(sample.micrograph.grey.max()) for sample in sources),
            ),
            densities_per_px=_densities(sources),
            crowding=(0.5, 1.5) if all(sample.known is None for sample in sources) else (0.25, 3),
            pixel_size_nm=sources[0].micrograph.square_pixel_size_nm,
        )

    def frame(self, prepared: Prepared) -> tuple[tuple[int, int], npt.DTypeLike]:
        """Largest height and width, and dtype of the images."""
        heights, widths = zip(*(home.shape for home in prepared.homes), strict=True)
        return (max(heights), max(widths)), prepared.dtype

    @override
    def sample_schema(self, prepared: Prepared) -> Schema:
        return Schema(targets={"outlines": Outlines()})

    def simulate(self, prepared: Prepared, rng: np.random.Generator) -> Sample:
        """Return one image with its labels and truth.

        Raises
        ------
        UserError
            If not all particles fit.
        """
        home = prepared.homes[rng.integers(len(prepared.homes))]
        wanted = self._count(home, rng)
        turned = self._turned(home.cutouts, wanted, rng)
        crowding = Crowding(self.min_visible, number(self.overlap), self.cut_by_border, number(self.clustering))
        canvas = home.canvases.draw(home.shape, rng)
        level = float(canvas.mean())
        write_letters(canvas, round(number(self.lettering)), home.extremes, rng)
        scene = Scene(canvas, wanted, crowding)
        gains = draw_many(self.grey_gain, rng, wanted)
        placed: list[Turned] = []
        for done, (particle, gain) in enumerate(zip(turned, gains, strict=True)):
            place = scene.place(particle, rng, exhaustive=self.particles is not None)
            if place is None:
                if self.particles is None:
                    continue
                raise UserError(
                    f"{wanted} particles do not fit into {home.shape[0]} x {home.shape[1]} px: only {done} did.",
                    "Request fewer or smaller particles or a larger image, or allow overlap.",
                )
            scene.paste(particle, place, (gain, level - gain * particle.cutout.background))
            placed.append(particle)
        pixels = self._finish(scene.image, home.grey_range, prepared.dtype, rng)
        truth = _truth(scene, placed, home.pixel_size_nm)
        size = home.pixel_size_nm
        micrograph = Micrograph(pixels, (size, size) if size else None)
        targets = {"outlines": tuple(scene.outlines())}
        return Sample(micrograph, scene.labels, truth=truth, recipe=self.model_dump(mode="json"), targets=targets)

    def _count(self, home: Home, rng: np.random.Generator) -> int:
        if self.particles is not None:
            return round(number(self.particles))
        density = float(rng.choice(home.densities_per_px)) * rng.uniform(*home.crowding)
        return max(1, round(density * home.shape[0] * home.shape[1]))

    def _turned(self, cutouts: Sequence[Cutout], count: int, rng: np.random.Generator) -> list[Turned]:
        """Cutouts as they will be pasted, largest first so that they pack well."""
        chosen = rng.integers(len(cutouts), size=count)
        scales = draw_many(self.scale, rng, count)
        angles = draw_many(self.angle_deg, rng, count)
        flips = rng.random(count) < (0.5 if self.flip else 0)
        order = np.argsort(-np.array([cutouts[c].ecd_px for c in chosen]) * scales, kind="stable")
        return [turn(cutouts[chosen[i]], scales[i], angles[i], bool(flips[i])) for i in order]

    def _finish(
        self,
        image: npt.NDArray[Any],
        grey_range: tuple[float, float],
        dtype: np.dtype[Any],
        rng: np.random.Generator,
    ) -> npt.NDArray[Any]:
        """Add blur, noise, salt and pepper, then convert to the dtype of the sources."""
        blur, noise, share = number(self.blur_sigma_px), number(self.noise), number(self.salt_pepper)
        low, high = grey_range
        image = gaussian_blur(image, blur)
        if noise:
            image = image + rng.standard_normal(image.shape, np.float32) * np.float32(noise * (high - low))
        if share:
            hit = np.flatnonzero(rng.integers(0, 1 << 16, image.size, np.uint16) < round(share * (1 << 16)))
            image.ravel()[hit] = rng.choice(np.array([low, high], np.float32), len(hit))
        if np.issubdtype(dtype, np.integer):
            limits = np.iinfo(dtype)
            whole = np.clip(np.rint(image, out=image), limits.min, limits.max, out=image)
            image = whole.astype(dtype)
        return image


def _image_dtype(dtypes: set[np.dtype[Any]]) -> np.dtype[Any]:
    """Return the dtype of the sources if it is an integer of 8 or 16 bits, else float32."""
    (dtype, *others) = dtypes
    kept = not others and np.issubdtype(dtype, np.integer) and dtype.itemsize <= 2
    return dtype if kept else np.dtype(np.float32)


def _densities(sources: Sequence[Sample]) -> npt.NDArray[np.float64]:
    """Particles per pixel of each source.

    The true number in a partly annotated one is unknown: 20 % of its area is taken as covered, and the recipe
    varies this widely.
    """
    densities = []
    for sample in sources:
        areas = np.bincount(np.unique(sample.labels[sample.labels > 0], return_inverse=True)[1])
        if not len(areas):
            continue
        covered = areas.sum() if sample.known is None else 0.2 * sample.labels.size
        densities.append(min(covered / areas.mean(), 0.5 * sample.labels.size / areas.mean()) / sample.labels.size)
    return np.array(densities or [0.0])


def _truth(scene: Scene, placed: Sequence[Turned], pixel_size_nm: float | None) -> pd.DataFrame:
    """One row per pasted particle."""
    centres = np.array(scene.centres, float).reshape(-1, 2)
    areas = np.array([t.area_px for t in placed], float)
    table = pd.DataFrame(
        {
            "label": np.arange(1, len(placed) + 1, dtype=np.uint32),
            "x_px": centres[:, 1],
            "y_px": centres[:, 0],
            "diameter_px": np.sqrt(4 * areas / np.pi),
            "feret_max_px": [t.cutout.feret_max_px * t.scale for t in placed],
            "feret_min_px": [t.cutout.feret_min_px * t.scale for t in placed],
            "visible_fraction": scene.visible_fractions,
            "source": [t.cutout.source for t in placed],
            "scale": [t.scale for t in placed],
            "angle_deg": [t.angle_deg for t in placed],
        }
    )
    if pixel_size_nm is not None:
        for name in ("x", "y", "diameter", "feret_max", "feret_min"):
            table[f"{name}_nm"] = table[f"{name}_px"] * pixel_size_nm
    return table
