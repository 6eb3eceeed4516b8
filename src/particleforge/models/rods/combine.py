"""Rods and other particles together: each is outlined by the detector that describes it better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from particleforge.mask import Mask
from particleforge.models.detections import Detections, Masks
from particleforge.models.rods.outlines import Rods

SLENDER = 5.0
"""Ratio of length to width from which on a rod may take the place of others; shorter ones seldom need it."""
LONG_SHARE = 0.5
"""Share of the area of all rods that such rods must have; in images of shorter ones, pairs that lie end to end would
become one."""
SAME_IOU = 0.6
"""Intersection over union from which on both detectors mean the same particle."""
EXPLAINED = 0.6
"""Share of a particle that rods must cover to replace it."""
LONGER = 1.3
"""How much larger a rod is than the piece of it that it replaces."""
PART = 0.2
"""Share of a particle that each of several crossing rods must cover to replace it."""
CROSSING = np.deg2rad(20)
"""Smallest angle between rods that cross."""
TAKEN = 0.5
"""Share of a rod from which on it is left out if other particles cover it."""

NOTHING = Mask(0, 0, np.zeros((0, 0), np.bool_))

Floats = npt.NDArray[np.float64]


def combine(others: Detections, rods: Detections) -> Detections:
    """Put long rods in place of particles that are pieces of them, or that are several rods which cross.

    Rods that were found by both, and where nothing else was found, are taken as well. Images of other particles, or of
    shorter rods, stay as they are.

    Parameters
    ----------
    others
        What a detector for particles of all shapes found.
    rods
        What this detector found in the same image.
    """
    if not isinstance(rods.outlines, Rods):
        raise TypeError("these are not rods")
    arcs, areas = rods.outlines.arcs, rods.outlines.areas_px2
    long = np.flatnonzero(arcs.half_lengths >= SLENDER * arcs.half_widths)
    if not len(long) or areas[long].sum() < LONG_SHARE * areas.sum():
        return others
    rods, arcs = rods.only(long + 1), arcs.only(long)
    common, rod_px, other_px = _overlaps(rods, others)
    free = np.ones(len(rods), bool)
    while True:
        gone = _replaced(common[free], rod_px[free], other_px, arcs.angles[free])
        covered = common[:, ~gone].sum(1) / np.maximum(rod_px, 1)
        still = free & (covered <= TAKEN)
        if (still == free).all():
            break
        free = still
    if not free.any():
        return others
    return _joined(others.only(1 + np.flatnonzero(~gone)), rods.only(1 + np.flatnonzero(free)))


def _overlaps(rods: Detections, others: Detections) -> tuple[Floats, Floats, Floats]:
    """(n, m) pixels common to rods and other particles, and the sizes of both in pixels."""
    outlines, labels = rods.outlines, others.labels
    common = np.zeros((len(rods), len(others)))
    rod_px = np.zeros(len(rods))
    if outlines is None:
        raise TypeError("rods have outlines")
    for index in range(len(rods)):
        mask = outlines.mask(index, rods.shape)
        seen = labels[mask.window][mask.pixels]
        rod_px[index] = len(seen)
        common[index] = np.bincount(seen, minlength=len(others) + 1)[1:]
    return common, rod_px, np.bincount(labels.ravel(), minlength=len(others) + 1)[1:].astype(float)


def _replaced(common: Floats, rod_px: Floats, other_px: Floats, angles: Floats) -> npt.NDArray[np.bool_]:
    """Which other particles are rods, pieces of rods, or several rods that cross."""
    gone = (common >= SAME_IOU * (rod_px[:, None] + other_px[None] - common)).any(0) & (other_px > 0)
    share = common / np.maximum(other_px, 1)
    for index in np.flatnonzero(share.sum(0) >= EXPLAINED):
        piece = (share[:, index] >= 0.5) & (rod_px >= LONGER * other_px[index])
        parts = np.flatnonzero(share[:, index] >= PART)
        apart = np.abs(np.sin(angles[parts][:, None] - angles[parts][None]))
        gone[index] |= piece.any() or (len(parts) > 1 and bool(apart.max() > np.sin(CROSSING)))
    return gone


def _joined(others: Detections, rods: Detections) -> Detections:
    """Both as one."""
    if rods.outlines is None:
        raise TypeError("rods have outlines")
    masks = [*_visible(others), *(rods.outlines.mask(index, rods.shape) for index in range(len(rods)))]
    return replace(
        others,
        points=np.concatenate([others.points, rods.points]),
        scores=np.concatenate([others.scores, rods.scores]),
        outlines=Masks(masks, whole=True),
        painted=None,
        found={**others.found, "rods": len(rods)},
    )


def _visible(found: Detections) -> Iterator[Mask]:
    """Masks of the painted particles, in order; empty ones of those that others hide."""
    from scipy.ndimage import find_objects

    labels = found.labels
    boxes = find_objects(labels.astype(np.int64), max_label=len(found))
    for number, box in enumerate(boxes, start=1):
        yield Mask.of(labels[box] == number, box[0].start, box[1].start) if box else NOTHING
