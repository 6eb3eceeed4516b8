"""Particles cut out of annotated micrographs, with soft edges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import ndimage
from skimage.measure import regionprops

from particleforge.errors import UserError
from particleforge.outline import outline_of
from particleforge.params import Params
from particleforge.sample import Sample
from particleforge.wording import plural

MARGIN_PX = 3
"""Width of the rim of source pixels kept around a cutout for its soft edge."""


class CutoutRule(Params):
    """Which annotated particles are complete enough to be cut out."""

    min_area_px: int = Field(
        12, ge=1, description="Smaller particles are left out, because they have no shape to learn."
    )
    max_contact: float = Field(
        0.35,
        ge=0,
        le=1,
        description="Largest share of the outline in contact with neighbours; above it the particle counts as cut.",
    )
    outlier_factor: float = Field(
        3.0, gt=1, description="Particles this many times larger or smaller than the median are reported, but kept."
    )
    feather_px: float = Field(0.7, ge=0, le=1, description="Softness (sigma) of the cut edge.")


@dataclass(frozen=True, eq=False)
class Cutout:
    """One particle: pixels, soft alpha (at least 0.5 inside), outline, number of its image, ``NAME#LABEL``, sizes."""

    pixels: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]
    outline_px: npt.NDArray[np.float64]
    image: int
    source: str
    background: float
    ecd_px: float
    feret_max_px: float
    feret_min_px: float
    pixel_size_nm: float | None


@dataclass
class Pool:
    """All usable cutouts, and which particles were left out and why, as ``NAME#LABEL``."""

    cutouts: list[Cutout] = field(default_factory=list)
    cut_by_border: list[str] = field(default_factory=list)
    cut_by_neighbour: list[str] = field(default_factory=list)
    too_small: list[str] = field(default_factory=list)
    size_outliers: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Summarise in one line."""
        lists = {
            "cut by the border": self.cut_by_border,
            "cut by a neighbour": self.cut_by_neighbour,
            "too small": self.too_small,
            "kept despite unusual size": self.size_outliers,
        }
        parts = [f"{len(names)} {what}" for what, names in lists.items() if names]
        return f"{plural(len(self.cutouts), 'particle')} to paste" + (f" ({', '.join(parts)})" if parts else "")


def cut_out(samples: Sequence[Sample], rule: CutoutRule = CutoutRule()) -> Pool:
    """Cut every whole particle out of annotated micrographs.

    Raises
    ------
    UserError
        If no particle is left.
    """
    pool = Pool()
    for image, sample in enumerate(samples):
        _cut_sample(image, sample, rule, pool)
    if not pool.cutouts:
        raise UserError(
            f"No particle can be cut out of {plural(len(samples), 'image')}: {pool.report()}.",
            f"Annotate particles of at least {rule.min_area_px} px that do not touch the border.",
        )
    median = float(np.median([cutout.ecd_px for cutout in pool.cutouts]))
    for cutout in pool.cutouts:
        if not 1 / rule.outlier_factor <= cutout.ecd_px / median <= rule.outlier_factor:
            pool.size_outliers.append(cutout.source)
    return pool


def _cut_sample(image: int, sample: Sample, rule: CutoutRule, pool: Pool) -> None:
    grey = sample.micrograph.grey
    height, width = grey.shape
    background = grey[sample.background][::4]
    level = float(np.median(background if background.size else grey))
    contacts = dict(_contacts(sample.labels))
    for region in regionprops(sample.labels.astype(np.int64)):  # type: ignore[no-untyped-call]
        name = f"{sample.name}#{region.label}"
        top, left, bottom, right = region.bbox
        if region.area < rule.min_area_px:
            pool.too_small.append(name)
        elif top == 0 or left == 0 or bottom == height or right == width:
            pool.cut_by_border.append(name)
        elif contacts.get(region.label, 0.0) > rule.max_contact:
            pool.cut_by_neighbour.append(name)
        else:
            mask = np.pad(region.image, MARGIN_PX)
            rows = np.clip(np.arange(top - MARGIN_PX, bottom + MARGIN_PX), 0, height - 1)
            columns = np.clip(np.arange(left - MARGIN_PX, right + MARGIN_PX), 0, width - 1)
            feret_max, feret_min = _ferets(region.image)
            pool.cutouts.append(
                Cutout(
                    pixels=np.ascontiguousarray(grey[np.ix_(rows, columns)]),
                    alpha=soft_edge(mask, rule.feather_px),
                    outline_px=outline_of(mask),
                    image=image,
                    source=name,
                    background=level,
                    ecd_px=float(region.equivalent_diameter_area),
                    feret_max_px=feret_max,
                    feret_min_px=feret_min,
                    pixel_size_nm=sample.micrograph.square_pixel_size_nm,
                )
            )


def _contacts(labels: npt.NDArray[np.uint32]) -> Iterator[tuple[int, float]]:
    """Yield the share of each label's outline pixels that are next to another label (4 neighbours)."""
    index = np.arange(labels.size).reshape(labels.shape)
    outline, touching = [], []
    for one, other in (
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ):
        edge = labels[one] != labels[other]
        both = labels[one][edge] * (labels[other][edge] > 0) > 0
        for side in (one, other):
            pixels = index[side][edge]
            outline.append(pixels)
            touching.append(pixels[both])
    flat = labels.ravel()
    ids, counts = np.unique(flat[np.unique(np.concatenate(outline))], return_counts=True)
    contact = dict(zip(*np.unique(flat[np.unique(np.concatenate(touching))], return_counts=True), strict=True))
    for label, count in zip(ids, counts, strict=True):
        if label:
            yield int(label), contact.get(label, 0) / count


def soft_edge(mask: npt.NDArray[np.bool_], feather_px: float) -> npt.NDArray[np.float32]:
    """Alpha of a mask: a Gaussian edge whose 50 % line is the outline of the mask, so sizes stay correct."""
    if feather_px == 0:
        return mask.astype(np.float32)
    soft = ndimage.gaussian_filter(mask.astype(np.float32), feather_px)
    return np.where(mask, np.maximum(soft, 0.5), np.minimum(soft, 0.4999)).astype(np.float32)


def _ferets(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Largest and smallest distance between parallel tangents to the pixels, taken as discs, in 2 degree steps."""
    centres = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    angles = np.deg2rad(np.arange(0, 180, 2))
    reach = centres @ np.stack([np.sin(angles), np.cos(angles)])
    width = reach.max(0) - reach.min(0) + 1
    return float(width.max()), float(width.min())
