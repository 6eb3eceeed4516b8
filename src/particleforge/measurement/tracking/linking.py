"""Link the particles of successive frames to tracks."""

from dataclasses import dataclass

import numpy as np

from particleforge.measurement.arrays import Floats, Ints


@dataclass(frozen=True)
class Linker:
    r"""Links particles of successive frames so that the sum of the costs of all links is least.

    A link over a distance r from a particle of the diameter d to one of d' costs :math:`r^2 + (s R \ln(d'/d))^2`, with
    the longest distance R and the weight s of the size. What would cost more than :math:`R^2` is not linked, and each
    particle left without a link costs :math:`R^2/2`, so no link is left out that can be made.

    Parameters
    ----------
    cutoff_px
        Longest distance R.
    memory
        In how many frames in a row a particle may be missing.
    size_weight
        Weight s.
    """

    cutoff_px: float
    memory: int = 0
    size_weight: float = 1.0

    def __call__(self, frames: Ints, points: Floats, diameters: Floats) -> Ints:
        """Return the number of the track of each particle, from 1 in the order in which they appear.

        Parameters
        ----------
        frames
            (n,) number of the frame of each particle, in ascending order; frames without particles have no number here.
        points
            (n, 2) places.
        diameters
            (n,) sizes above zero.
        """
        tracks = np.zeros(len(frames), np.int64)
        features = np.column_stack([points, self.size_weight * self.cutoff_px * np.log(diameters)])
        started, ends = 0, np.zeros(0, np.int64)  # number of tracks, and where those end that can go on
        for rows in np.split(np.arange(len(frames)), np.flatnonzero(np.diff(frames)) + 1) if len(frames) else ():
            ends = ends[frames[ends] >= frames[rows[0]] - self.memory - 1]
            before, after = self._pairs(features[ends], features[rows])
            tracks[rows[after]] = tracks[ends[before]]
            new = rows[tracks[rows] == 0]
            tracks[new] = started + 1 + np.arange(len(new))
            started += len(new)
            ends = np.concatenate([np.delete(ends, before), rows])
        return tracks

    def _pairs(self, before: Floats, after: Floats) -> tuple[Ints, Ints]:
        """Return the numbers of the particles that are linked, of two frames.

        Each particle may also be matched with a dummy of its own, and dummies with each other for nothing where their
        particles are linked, so a complete matching always exists. SciPy takes no zeros, so 1 is added to all costs.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import min_weight_full_bipartite_matching
        from scipy.spatial import KDTree

        n, m = len(before), len(after)
        if not n or not m:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        near = KDTree(before).sparse_distance_matrix(KDTree(after), self.cutoff_px, output_type="ndarray")
        i, j, costs = near["i"], near["j"], (near["v"] / self.cutoff_px) ** 2
        rows = np.concatenate([i, np.arange(n + m), n + j])
        columns = np.concatenate([j, m + np.arange(n), np.arange(m), m + i])
        weights = 1 + np.concatenate([costs, np.full(n + m, 0.5), np.zeros(len(i))])
        found, others = min_weight_full_bipartite_matching(coo_array((weights, (rows, columns))).tocsr())
        linked = (found < n) & (others < m)
        return np.asarray(found[linked], np.int64), np.asarray(others[linked], np.int64)
