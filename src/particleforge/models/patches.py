"""Endless augmented training patches from annotated images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import ndimage

from particleforge.draws import Draw, PerImage, Uniform, Within, draw
from particleforge.params import Params

Floats = npt.NDArray[np.float32]
WholeOutlines: TypeAlias = Mapping[int, npt.NDArray[np.float64]]
"""(N, 2) corners (y, x) in px of whole particles, including what is hidden or lies outside the image, by id."""


@dataclass(frozen=True, eq=False)
class Source:
    """An annotated image prepared for training.

    Parameters
    ----------
    image
        (Y, X) normalised grey values at working scale.
    labels
        (Y, X) instance ids, 0 = background.
    known
        (Y, X) where the labels are known; None: everywhere.
    outlines
        Of all its particles, also those that others hide completely; None: the labels show all that is known.
    classes
        Class of each particle by its id, as far as it is known; None: classes are not known.
    """

    image: Floats
    labels: npt.NDArray[np.uint32]
    known: npt.NDArray[np.bool_] | None = None
    outlines: WholeOutlines | None = None
    classes: Mapping[int, str] | None = None


@dataclass(frozen=True, eq=False)
class Patch:
    """A square piece of a source, augmented; see `Source`."""

    image: Floats
    labels: npt.NDArray[np.uint32]
    known: npt.NDArray[np.bool_] | None
    outlines: WholeOutlines | None = None
    classes: Mapping[int, str] | None = None


class Augment(Params):
    """How training patches are varied. They are always flipped and rotated by 90° steps at random."""

    scale: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(
        Uniform(low=0.75, high=1.4), description="Size factor of a patch."
    )
    turned: float = Field(
        0.5, ge=0, le=1, description="Share of patches that are rotated by a random angle and scaled."
    )
    gamma: Annotated[Draw, PerImage(), Within(0.2, 5)] = Field(
        Uniform(low=0.7, high=1.4), description="Exponent of the grey values."
    )
    gain: Annotated[Draw, PerImage(), Within(0.1, 10)] = Field(
        Uniform(low=0.8, high=1.25), description="Factor on the grey values."
    )
    offset: Annotated[Draw, PerImage(), Within(-2, 2)] = Field(
        Uniform(low=-0.15, high=0.15), description="Added to the grey values, which lie roughly between 0 and 1."
    )
    shading: Annotated[Draw, PerImage(), Within(0, 2)] = Field(
        Uniform(low=0, high=0.15), description="Difference in grey across the patch, as a linear gradient."
    )
    noise: Annotated[Draw, PerImage(), Within(0, 1)] = Field(
        Uniform(low=0, high=0.06), description="Standard deviation of added Gaussian noise."
    )
    blur_sigma_px: Annotated[Draw, PerImage(), Within(0, 10)] = Field(
        Uniform(low=0, high=0.7), description="Gaussian blur."
    )
    inverted: float = Field(0.0, ge=0, le=1, description="Share of patches with inverted contrast.")


def draw_patch(source: Source, size: int, augment: Augment, rng: np.random.Generator) -> Patch:
    """Cut a patch around a random known pixel and vary it."""
    centre = _known_pixel(source, rng)
    if rng.random() < augment.turned:
        patch = _turned(source, size, centre, draw(augment.scale, rng), rng)
    else:
        patch = _straight(source, size, centre, rng)
    quarter, flip = int(rng.integers(4)), bool(rng.random() < 0.5)
    image, labels, known = (
        None if part is None else _flipped(part, quarter, flip) for part in (patch.image, patch.labels, patch.known)
    )
    if image is None or labels is None:
        raise RuntimeError("a patch always has an image and labels")
    outlines = patch.outlines and _flipped_outlines(patch.outlines, size, quarter, flip)
    return Patch(_vary_grey(image, augment, rng), labels, known, outlines, source.classes)


def _known_pixel(source: Source, rng: np.random.Generator) -> tuple[int, int]:
    """Return a random annotated pixel; in partly annotated images half of them lie on particles."""
    height, width = source.labels.shape
    if source.known is None:
        return int(rng.integers(height)), int(rng.integers(width))
    choice = source.labels > 0 if rng.random() < 0.5 else source.known
    places = np.flatnonzero(choice) if choice.any() else np.flatnonzero(source.known)
    if not len(places):
        return height // 2, width // 2
    row, column = divmod(int(places[rng.integers(len(places))]), width)
    return row, column


def _straight(source: Source, size: int, centre: tuple[int, int], rng: np.random.Generator) -> Patch:
    """Cut a patch without interpolation; where the image is too small, mirror it and mark that as unknown."""
    corner = []
    for length, middle in zip(source.labels.shape, centre, strict=True):
        jitter = int(rng.integers(-size // 4, size // 4 + 1))
        corner.append(int(np.clip(middle + jitter - size // 2, min(0, (length - size) // 2), max(0, length - size))))
    rows, columns = (np.arange(start, start + size) for start in corner)
    height, width = source.labels.shape
    inside = np.logical_and.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    window = np.ix_(_mirror(rows, height), _mirror(columns, width))
    known = None if source.known is None else source.known[window]
    if not inside.all():
        known = inside if known is None else known & inside
    labels = np.where(inside, source.labels[window], 0).astype(np.uint32)
    outlines = _seen(source.outlines, np.eye(2), -np.array(corner, float), size)
    return Patch(source.image[window], labels, known, outlines)


def _turned(source: Source, size: int, centre: tuple[int, int], scale: float, rng: np.random.Generator) -> Patch:
    """Cut a patch, rotated and scaled; what lies outside the image is mirrored and marked as unknown."""
    angle = rng.uniform(0, 2 * np.pi)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    offset = np.array(centre) - matrix @ np.full(2, (size - 1) / 2)
    image = ndimage.affine_transform(source.image, matrix, offset, (size, size), order=1, mode="mirror")
    labels = ndimage.affine_transform(source.labels, matrix, offset, (size, size), order=0, mode="constant")
    known = np.ones(source.labels.shape, bool) if source.known is None else source.known
    known = ndimage.affine_transform(known.view(np.uint8), matrix, offset, (size, size), order=0, mode="constant") > 0
    back = np.asarray(np.linalg.inv(matrix), np.float64)
    return Patch(image, labels, known, _seen(source.outlines, back, -back @ offset, size))


def _seen(
    outlines: WholeOutlines | None, matrix: npt.NDArray[np.float64], offset: npt.NDArray[np.float64], size: int
) -> WholeOutlines | None:
    """Outlines mapped into a patch, those of which nothing may lie in it left out."""
    if not outlines:
        return outlines
    corners = np.concatenate(list(outlines.values())) @ matrix.T + offset
    parts = np.split(corners, np.cumsum([len(one) for one in outlines.values()])[:-1])
    mapped = zip(outlines, parts, strict=True)
    return {label: one for label, one in mapped if (one.max(0) > -0.5).all() and (one.min(0) < size - 0.5).all()}


def _flipped_outlines(outlines: WholeOutlines, size: int, quarter: int, flip: bool) -> WholeOutlines:
    """Outlines rotated and mirrored like the pixels by `_flipped`."""
    turned = {}
    for label, corners in outlines.items():
        y, x = corners.T
        for _ in range(quarter):
            y, x = size - 1 - x, y
        turned[label] = np.stack([y, size - 1 - x if flip else x], axis=1)
    return turned


def _mirror(indices: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Reflect indices into [0, length)."""
    folded = np.mod(indices, 2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)


def _flipped(array: npt.NDArray[Any], quarter: int, flip: bool) -> npt.NDArray[Any]:
    turned = np.rot90(array, quarter)
    return np.ascontiguousarray(turned[:, ::-1] if flip else turned)


def _vary_grey(image: Floats, augment: Augment, rng: np.random.Generator) -> Floats:
    """Apply gamma (between 0 and 1 only), gain, offset, gradient, blur and noise."""
    gamma = draw(augment.gamma, rng)
    image = np.where((image > 0) & (image < 1), np.power(np.clip(image, 1e-6, 1), gamma), image)
    if rng.random() < augment.inverted:
        image = 1 - image
    image = image * draw(augment.gain, rng) + draw(augment.offset, rng)
    angle, slope = rng.uniform(0, 2 * np.pi), draw(augment.shading, rng)
    rows, columns = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in image.shape)
    image = image + slope * (np.sin(angle) * rows[:, None] + np.cos(angle) * columns[None, :])
    blur = draw(augment.blur_sigma_px, rng)
    if blur > 0.2 and rng.random() < 0.5:
        image = ndimage.gaussian_filter(image, blur)
    image = image + draw(augment.noise, rng) * rng.standard_normal(image.shape, np.float32)
    return np.asarray(image, np.float32)


def mixed(groups: Sequence[tuple[Sequence[Source], float]], rng: np.random.Generator) -> Source:
    """Return a random source from groups with given shares; the share of an empty group goes to the others."""
    filled = [(sources, share) for sources, share in groups if len(sources)]
    shares = np.array([share for _, share in filled])
    shares = shares / shares.sum() if shares.any() else np.full(len(filled), 1 / len(filled))
    sources = filled[int(rng.choice(len(filled), p=shares))][0]
    return sources[int(rng.integers(len(sources)))]
