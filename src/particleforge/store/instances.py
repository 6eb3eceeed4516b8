"""Whether a label image numbers particles, or is a mask, a map of classes, or a micrograph."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError

REGIONS_PER_NUMBER = 3
"""A particle may be visible in two pieces; this many per number mean a mask of several classes, or grey values."""
STRAY_PX, STRAY_SHARE = 9, 0.05
"""A stray piece has at most this many pixels, and this share of the largest piece of its number."""
NOTCH, LEAST_NOTCH_PX = 0.3, 1.5
"""Discs that touch have notches as deep as their radius; with a neck 1.4 radii wide, 0.3 of the radius. Steps between
pixels are no notches."""
MASK_NUMBERS = (2**8 - 1, 2**16 - 1, 2**32 - 1)
"""White in images of 8, 16 and 32 bit: a program that numbers particles begins with 1."""
NUMBER_EACH = (
    "Give every particle its own number: skimage.measure.label in Python, Analyze Particles with Count Masks in "
    "ImageJ; particles that touch must be separated first."
)


class _Regions(NamedTuple):
    """Separate regions of equal numbers, stray pieces included; region `i` is ``i + 1`` in `image`."""

    image: npt.NDArray[Any]
    owner: npt.NDArray[Any]
    area: npt.NDArray[np.int64]

    @property
    def without_strays(self) -> npt.NDArray[np.bool_]:
        """Whether each region is more than a few stray pixels."""
        numbers, which = np.unique(self.owner, return_inverse=True)
        largest = np.zeros(len(numbers), np.int64)
        np.maximum.at(largest, which, self.area)
        return (self.area > STRAY_PX) | (self.area > STRAY_SHARE * largest[which])


def check_instances(labels: npt.NDArray[np.uint32], name: str) -> tuple[str, ...]:
    """Refuse masks, maps of classes and micrographs, in which particles do not have numbers of their own.

    A stray pixel or a few next to a particle are not taken for another one.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background.
    name
        What it is called in messages.

    Returns
    -------
    Sentences on what a person should check.

    Raises
    ------
    UserError
        If no pixel is 0, if one number has several regions, if a white region looks like several particles or like the
        background, or if there are many more regions than numbers.
    """
    if not labels.any():
        return ()
    if labels.all():
        numbers = np.unique(labels)
        raise UserError(
            f"{name}: no pixel is 0, the number of the background; the numbers go from {numbers[0]} to {numbers[-1]}.",
            "Set the background to 0. Programs such as Weka and ilastik write a map of classes (1 = particles, 2 = "
            f"background). {NUMBER_EACH}",
        )
    regions = _regions(labels)
    numbers, count = np.unique(regions.owner), int(regions.without_strays.sum())
    if len(numbers) == 1:
        return _check_only_number(regions, int(numbers[0]), count, name)
    if count >= REGIONS_PER_NUMBER * len(numbers):
        raise UserError(
            f"{name}: {len(numbers)} numbers in {count} separate regions; it is a micrograph or a mask, not labels.",
            "Use images in which every particle has its own number, and 0 is the background.",
        )
    return ()


def _regions(labels: npt.NDArray[np.uint32]) -> _Regions:
    from skimage.measure import label

    found = label(labels, connectivity=2)  # type: ignore[no-untyped-call]
    area = np.bincount(found.reshape(-1))
    owner = np.zeros(len(area), labels.dtype)
    owner[found] = labels
    return _Regions(found, owner[1:], area[1:])


def _check_only_number(regions: _Regions, number: int, count: int, name: str) -> tuple[str, ...]:
    """Check a label image with one number: it should show one particle."""
    if count > 1:
        raise UserError(f"{name}: all {count} separate regions have the number {number}; it is a mask.", NUMBER_EACH)
    region = regions.image == int(np.argmax(regions.area)) + 1
    if region[0].any() and region[-1].any() and region[:, 0].any() and region[:, -1].any():
        raise UserError(
            f"{name}: the only number, {number}, reaches all four edges of the image, as a background does.",
            f"Exchange particles and background: the background must be 0. {NUMBER_EACH}",
        )
    depth, radius = _notch(region)
    if depth <= max(LEAST_NOTCH_PX, NOTCH * radius):
        return ()
    what = (
        f"the only number, {number}, has one region with notches {depth:.0f} px deep where its largest inscribed "
        f"circle has a radius of {radius:.0f} px, as several particles that touch have"
    )
    if number in MASK_NUMBERS:
        raise UserError(f"{name}: {what}; it is a mask.", f"{NUMBER_EACH} If it is one particle, give it the number 1.")
    return (f"{name}: {what}. If they are several, the sizes are wrong. {NUMBER_EACH}",)


def _notch(region: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Depth of the deepest notch or hole below the convex hull, and radius of the largest inscribed circle, in px."""
    from scipy.ndimage import distance_transform_edt
    from skimage.morphology import convex_hull_image

    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    cropped = np.pad(region[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
    below = distance_transform_edt(convex_hull_image(cropped)) * ~cropped  # type: ignore[no-untyped-call]
    return float(below.max()), float(distance_transform_edt(cropped).max())
