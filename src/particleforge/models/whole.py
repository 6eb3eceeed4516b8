"""The pixels of whole particles in an image: from their outlines if these are known, else from the labels."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.models.patches import Patch, Source

Pixels: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Rows and columns."""
LEAST_PX = 4
"""Number of pixels below which nothing can be recognised."""
LEAST_VISIBLE = 0.05
"""Share of a particle that must be visible, or it is taken to be hidden."""


def whole_particles(annotated: Source | Patch) -> Mapping[int, Pixels]:
    """Pixels by id of every particle that can be seen, with what others hide of it, if that is known."""
    labels = annotated.labels
    if annotated.outlines is None:
        return _labelled(labels)
    from skimage.draw import polygon

    found = {}
    for label, corners in annotated.outlines.items():
        rows, columns = polygon(corners[:, 0], corners[:, 1], labels.shape)  # type: ignore[no-untyped-call]
        if len(rows) < LEAST_PX:
            continue
        if int((labels[rows, columns] == label).sum()) >= max(LEAST_PX, LEAST_VISIBLE * len(rows)):
            found[label] = (rows, columns)
    return found


def _labelled(labels: npt.NDArray[np.uint32]) -> Mapping[int, Pixels]:
    ids, dense = np.unique(labels, return_inverse=True)
    dense = dense.reshape(labels.shape) + int(ids[0] > 0)
    found = {}
    for label, window in zip(ids[ids > 0].tolist(), ndimage.find_objects(dense), strict=True):
        rows, columns = np.nonzero(labels[window] == label)
        if len(rows) >= LEAST_PX:
            found[label] = (rows + window[0].start, columns + window[1].start)
    return found
