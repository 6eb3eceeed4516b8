"""How much objects stand out from what surrounds them, against what chance outlines would show."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.models.detections import Floats
from particleforge.models.stardist.stars import Stars

RAYS = 32
INNER, OUTER, BEYOND_PX = 0.75, 1.2, 1.0
"""Grey is compared at the share `INNER` of the radius and at the share `OUTER` plus `BEYOND_PX`."""
FEWEST_RAYS = 6
"""With fewer rays that end on background the contrast of an object is unknown."""
CHANCE_OUTLINES, FEWEST_CHANCE, FREE = 400, 15, 0.7
"""Outlines at random places; how many must be on background, and which share of the points of each."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contrast:
    """Contrast of the objects of an image.

    Parameters
    ----------
    values
        (n,) grey of each less that around it, in grey of the normalised image; NaN where it is not known.
    noise
        Standard deviation of the same figure for outlines at random places on background; NaN if there is too little.
    """

    values: Doubles
    noise: float

    @property
    def z(self) -> Doubles:
        """(n,) how many standard deviations each stands out; NaN where it is not known."""
        return np.asarray(np.abs(self.values) / self.noise)

    def only(self, indices: npt.NDArray[np.int64]) -> "Contrast":
        """Return that of some objects."""
        return Contrast(self.values[indices], self.noise)


def contrast(image: Floats, labels: npt.NDArray[np.integer], stars: Stars, per_label: tuple[float, float]) -> Contrast:
    """Measure the contrast of objects: grey inside the outline less grey outside it, the median over rays.

    Rays that end in another object or outside the image are left out.

    Parameters
    ----------
    image
        (Y, X) normalised.
    labels
        Objects i + 1 in the same field, at a resolution of their own.
    stars
        The objects, in pixels of the image.
    per_label
        Distance in the image between neighbouring pixels of the labels, along Y and X; the first ones coincide.
    """
    if not len(stars):
        return Contrast(np.empty(0), math.nan)
    step = max(1, stars.dist.shape[1] // RAYS)
    radii = stars.dist[:, ::step]
    angles = np.arange(radii.shape[1]) * (2 * math.pi / radii.shape[1])
    directions = np.stack([np.sin(angles), np.cos(angles)], axis=1)

    def along(centres: Doubles, radii: Floats) -> tuple[Doubles, Doubles]:
        return (
            centres[:, None] + (INNER * radii)[..., None] * directions,
            centres[:, None] + (OUTER * radii + BEYOND_PX)[..., None] * directions,
        )

    def id_at(points: Doubles) -> npt.NDArray[np.int64]:
        cells = np.rint(points / per_label).astype(np.int64)
        inside = np.all((cells >= 0) & (cells < np.array(labels.shape)), axis=-1, keepdims=True)[..., 0]
        cells = np.where(inside[..., None], cells, 0)
        return np.where(inside, labels[cells[..., 0], cells[..., 1]], -1).astype(np.int64)

    inner, outer = along(stars.points, radii)
    own = np.arange(1, len(stars) + 1)[:, None]
    at = id_at(outer)
    values = _median(_sample(image, inner) - _sample(image, outer), ((at == 0) | (at == own)) & (id_at(inner) >= 0))
    rng = np.random.default_rng(len(stars))  # the same places for the same objects
    chosen = rng.integers(len(stars), size=CHANCE_OUTLINES)
    places = rng.random((CHANCE_OUTLINES, 2)) * image.shape - 0.5
    inner, outer = along(places, radii[chosen])
    free_inner, free_outer = id_at(inner) == 0, id_at(outer) == 0
    share = (free_inner.mean(1) + free_outer.mean(1)) / 2
    background = (share >= FREE) & (id_at(places) == 0)
    by_chance = _median(_sample(image, inner) - _sample(image, outer), free_inner & free_outer)[background]
    by_chance = by_chance[np.isfinite(by_chance)]
    if len(by_chance) < FEWEST_CHANCE:
        return Contrast(values, math.nan)
    return Contrast(values, 1.4826 * float(np.median(np.abs(by_chance - np.median(by_chance)))) + 1e-4)


def _median(differences: Doubles, valid: npt.NDArray[np.bool_]) -> Doubles:
    """(n,) median over the valid rays of each; NaN with fewer than `FEWEST_RAYS`."""
    counts = valid.sum(1)
    ordered = np.sort(np.where(valid, differences, np.inf), axis=1)
    rows, middle = np.arange(len(ordered)), np.maximum(counts, 1)
    median = (ordered[rows, (middle - 1) // 2] + ordered[rows, middle // 2]) / 2
    return np.where(counts >= FEWEST_RAYS, median, math.nan)


def _sample(image: Floats, points: Doubles) -> Doubles:
    """Grey between pixels, (..., 2) y and x; at the border that of the nearest pixel."""
    from scipy.ndimage import map_coordinates

    flat = points.reshape(-1, 2).T
    return np.asarray(map_coordinates(image, flat, order=1, mode="nearest"), np.float64).reshape(points.shape[:-1])
