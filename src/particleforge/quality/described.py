"""Sets of images by their features."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.quality.feature import FEATURES

COMBINED = ("texture", "network", "objects")
"""Features that are compared together, each with the same weight."""
REDUCED, COMPONENTS = "reduced", 32
"""Name and number of the principal components of texture and network."""


@dataclass(frozen=True, eq=False)
class Described:
    """Images of a set by their features.

    Parameters
    ----------
    name
        Name of the set.
    images
        Names of the images.
    features
        Rows of each image, (k, d), by feature.
    """

    name: str
    images: Sequence[str]
    features: Mapping[str, Sequence[Floats]]

    def __len__(self) -> int:
        return len(self.images)

    def means(self, feature: str) -> Floats:
        """(n, d) mean of the rows of each image."""
        return np.stack([rows.mean(0) for rows in self.features[feature]])

    def combined(self, features: Sequence[str]) -> list[Floats]:
        """Rows of each image with several features side by side; a single row of an image is repeated."""
        found = []
        for parts in zip(*(self.features[one] for one in features), strict=True):
            count = max(map(len, parts))
            repeated = [np.broadcast_to(part, (count, part.shape[1])) for part in parts]
            found.append(np.concatenate(repeated, axis=1) / math.sqrt(len(features)))
        return found


def in_common_units(sets: Sequence[Described]) -> list[Described]:
    """Return sets whose standardised features have mean 0 and a mean square of 1/d over all sets; d is their length.

    Every set has the same weight, and every image of a set. So the product of two rows is a mean over numbers, whatever
    the length of a feature. `REDUCED` is added.
    """
    changed: list[dict[str, Sequence[Floats]]] = [dict(one.features) for one in sets]
    for name in sets[0].features:
        if not FEATURES.get(name).STANDARDISED:
            continue
        middle = _over(sets, name, lambda rows: rows)
        spread = np.sqrt(_over(sets, name, partial(_squares, middle)))
        constant = spread <= 1e-9 * np.maximum(1, np.abs(middle))
        unit = np.where(constant, np.inf, spread) * math.sqrt(len(middle))
        for own, one in zip(changed, sets, strict=True):
            own[name] = [(rows - middle) / unit for rows in one.features[name]]
    return _with_components([replace(one, features=own) for one, own in zip(sets, changed, strict=True)])


def _with_components(sets: Sequence[Described]) -> list[Described]:
    """Add the principal components of texture and network over all sets."""
    rows = [one.combined(COMBINED[:2]) for one in sets]
    products = np.mean([np.mean([each.T @ each / len(each) for each in own], axis=0) for own in rows], axis=0)
    _, axes = np.linalg.eigh(products)
    kept = axes[:, : -COMPONENTS - 1 : -1]
    return [
        replace(one, features={**one.features, REDUCED: [each @ kept for each in own]})
        for one, own in zip(sets, rows, strict=True)
    ]


def _squares(middle: Floats, rows: Floats) -> Floats:
    return np.asarray((rows - middle) ** 2)


def _over(sets: Sequence[Described], feature: str, of: Callable[[Floats], Floats]) -> Floats:
    """Mean of something over rows, then images, then sets."""
    images = [np.mean([of(rows).mean(0) for rows in one.features[feature]], axis=0) for one in sets]
    return np.asarray(np.mean(images, axis=0))
