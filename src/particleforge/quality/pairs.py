"""Distances from a kernel between rows: the squared maximum mean discrepancy, without bias.

Gretton et al., A kernel two-sample test, J. Mach. Learn. Res. 13, 723 (2012); with the polynomial kernel it is the
kernel inception distance (KID) of Binkowski et al., Demystifying MMD GANs, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np

from particleforge.measurement.arrays import Floats

Kernel: TypeAlias = Callable[[Floats, Floats], Floats]
"""(k, l) similarities of (k, d) and (l, d) rows."""


def polynomial(one: Floats, other: Floats) -> Floats:
    """Polynomial kernel of degree 3; products of rows are means over their numbers already."""
    return np.asarray((one @ other.T + 1) ** 3)


def linear(one: Floats, other: Floats) -> Floats:
    """Product of rows; the distance is then the squared distance of the means."""
    return np.asarray(one @ other.T)


def nearness(one: Floats, other: Floats) -> Floats:
    """Minus the distance of rows; the distance between sets is then the energy distance (Szekely and Rizzo)."""
    from scipy.spatial.distance import cdist

    return np.asarray(-cdist(one, other))


@dataclass(frozen=True, eq=False)
class Discrepancy:
    """Squared maximum mean discrepancy of two sets of images.

    Only rows of different images are compared within a set, as crops of one image are alike, and so are copies of an
    image in a resample. Every image has the same weight. Within a set with a single image its own rows are compared.

    Parameters
    ----------
    within, within_other
        (n, n) and (m, m) mean similarities of two images of a set.
    across
        (n, m) those of an image of one set and one of the other.
    """

    within: Floats
    across: Floats
    within_other: Floats

    @classmethod
    def of(cls, one: Sequence[Floats], other: Sequence[Floats], kernel: Kernel) -> Discrepancy:
        """Prepare it from the rows of each image."""
        return cls(_within(one, kernel), _across(one, other, kernel), _within(other, kernel))

    def __call__(self, times: Floats, times_other: Floats) -> Floats:
        """Compute it; see `particleforge.quality.distance.Between`."""
        totals = times.sum(1) * times_other.sum(1)
        across = ((times @ self.across) * times_other).sum(1) / totals
        own = _mean(self.within, times) + _mean(self.within_other, times_other)
        return np.asarray(own - 2 * across)


def _mean(similar: Floats, times: Floats) -> Floats:
    """Mean similarity of two different images; of rows of the same image where there is only one."""
    own = np.diagonal(similar)
    pairs = times.sum(1) ** 2 - (times**2).sum(1)
    alike = ((times @ similar) * times).sum(1) - times**2 @ own
    single = (times > 0) @ own / np.maximum((times > 0).sum(1), 1)
    return np.where(pairs > 0, alike / np.where(pairs > 0, pairs, 1), single)


def _across(one: Sequence[Floats], other: Sequence[Floats], kernel: Kernel) -> Floats:
    """Mean similarity of the rows of each image of one set and each of another."""
    blocks = kernel(np.concatenate(one), np.concatenate(other))
    sums = np.add.reduceat(np.add.reduceat(blocks, _starts(one), axis=0), _starts(other), axis=1)
    return np.asarray(sums / np.outer([len(rows) for rows in one], [len(rows) for rows in other]))


def _within(images: Sequence[Floats], kernel: Kernel) -> Floats:
    """Compute the same for one set, with different rows of an image on the diagonal if it has several."""
    similar = _across(images, images, kernel)
    for place, rows in enumerate(images):
        if (count := len(rows)) > 1:
            own = kernel(rows, rows)
            similar[place, place] = (own.sum() - np.trace(own)) / (count * (count - 1))
    return similar


def _starts(images: Sequence[Floats]) -> list[int]:
    return [0, *accumulate(len(rows) for rows in images[:-1])]
