"""Compare predicted instances with true ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.quality.instances import Bools, Floats, Instances, overlaps
from particleforge.runs import Ints

Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Score:
    """Counts of true positives, false positives and false negatives; scores add up over images."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.hits + other.hits, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """F1 score: 2 hits / (2 hits + false + missed); 1 if there is nothing and nothing was found."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else 1.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a true and a found particle that overlap by half or more.

    Parameters
    ----------
    true, found
        (k,) their indices, ascending by both.
    iou
        (k,) intersection over union, at least 0.5.
    """

    true: Ints
    found: Ints
    iou: Floats


@dataclass(frozen=True, eq=False)
class Comparison:
    """True and found particles of an image, compared; their pixels are not kept.

    Parameters
    ----------
    true_count, found_count
        Number of particles; found ones without any pixel do not count.
    pairs
        Pairs that overlap by half or more.
    hidden
        (n,) whether more than half of a found particle lies where nobody knows the particles, or it has no pixels.
    crossing
        (n,) whether a true particle shares pixels with another one.
    """

    true_count: int
    found_count: int
    pairs: Pairs
    hidden: Bools
    crossing: Bools

    @classmethod
    def of(cls, true: Instances, found: Instances, unknown: Instances | None = None) -> Comparison:
        """Compare particles, given the regions where nobody knows them."""
        i, j, pixels = overlaps(true, found)
        iou = pixels / (true.areas[i] + found.areas[j] - pixels)
        good = iou >= 0.5
        shared = np.zeros(len(found))
        if unknown is not None:
            _, where, inside = overlaps(unknown, found)
            np.add.at(shared, where, inside)
        hidden = (shared > 0.5 * found.areas) | (found.areas == 0)
        return cls(len(true), len(found), Pairs(i[good], j[good], iou[good]), hidden, _crossing(true))

    def counted(self, iou: float = 0.5) -> Bools:
        """(n,) whether a found particle counts: it matches a true one, or at least half of it is on known ground."""
        counted = ~self.hidden
        counted[self.pairs.found[self.pairs.iou >= iou]] = True
        return counted

    def score(self, iou: float = 0.5) -> Score:
        """Count hits, false and missed particles at an IoU from 0.5 on.

        Raises
        ------
        ValueError
            If `iou` is below 0.5: matches are not unique there.
        """
        if iou < 0.5:
            raise ValueError(f"iou is {iou}; matches are unique only from 0.5 on")
        hits = len(self.matched(iou))
        return Score(hits, int(self.counted(iou).sum()) - hits, self.true_count - hits)

    def matched(self, iou: float = 0.5) -> Ints:
        """(m,) indices of pairs that match at most one to one, as many as possible.

        Particles that do not overlap others of their kind match in only one way above an IoU of 0.5; otherwise this is
        a maximum matching (Hopcroft and Karp).
        """
        good = np.flatnonzero(self.pairs.iou >= iou)
        i, j = self.pairs.true[good], self.pairs.found[good]
        if len(np.unique(i)) == len(i) and len(np.unique(j)) == len(j):
            return good
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_bipartite_matching

        graph = csr_array((np.ones(len(good), np.int8), (i, j)), shape=(self.true_count, self.found_count))
        partner = maximum_bipartite_matching(graph, perm_type="column")
        return np.asarray(good[partner[i] == j], np.int64)


def _crossing(particles: Instances) -> Bools:
    """(n,) whether each shares pixels with another one."""
    crossing = np.zeros(len(particles), np.bool_)
    if particles.overlap:
        one, other, _ = overlaps(particles, particles)
        crossing[one[one != other]] = True
    return crossing


def score(true: Labels, predicted: Labels, known: npt.NDArray[np.bool_] | None = None, iou: float = 0.5) -> Score:
    """Match instances one to one.

    Parameters
    ----------
    true, predicted
        (Y, X) instance ids, 0 = background.
    known
        (Y, X) bool. A prediction that matches no true particle and has less than half of its area on known
        pixels is ignored, since it is not known whether it is right.
    iou
        Minimum intersection over union of a hit, at least 0.5.
    """
    found = Instances.of_labels(predicted)
    return Comparison.of(Instances.of_labels(true), found, unknown_region(known)).score(iou)


def unknown_region(known: npt.NDArray[np.bool_] | None) -> Instances | None:
    """Return the region where particles are not known; None if they are known everywhere."""
    return None if known is None or known.all() else Instances.of_labels((~known).astype(np.uint8))


def found_again(labels: Labels, other: Labels, iou: float = 0.5) -> npt.NDArray[np.int64]:
    """Ids of the instances of `labels` that are also in `other`, whatever their ids there."""
    one = Instances.of_labels(labels)
    pairs = Comparison.of(one, Instances.of_labels(other)).pairs
    return np.asarray(one.runs.ids[np.unique(pairs.true[pairs.iou >= iou])], np.int64)
