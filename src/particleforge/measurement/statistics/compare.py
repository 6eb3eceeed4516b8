"""How much two samples of sizes differ, and whether chance alone explains it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES
from particleforge.measurement.statistics.figures import percentiles
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.seeds import stream

CELLS_PER_DECADE = 40
"""Cells of the fixed grid of ln d for the Jensen-Shannon divergence; all comparisons share it, as it runs through 1."""
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Comparison:
    r"""A sample compared with a reference.

    Parameters
    ----------
    wasserstein
        Earth mover's distance between the distributions of :math:`\ln d`; 0.05 corresponds to sizes that differ by 5 %.
    kolmogorov_smirnov
        Largest distance between the cumulative curves.
    jensen_shannon
        Divergence in bits on the fixed grid, 0 to 1.
    jensen_shannon_null
        Median and 95 % quantile of the divergence if both samples came from the same distribution; it is above 0 for
        any finite count.
    p_value
        Share of random regroupings with a Wasserstein distance at least as large; single particles are exchanged, or
        whole images if both samples have at least six.
    regrouped
        ``particles`` or ``images``.
    geometric_mean_percent, gsd_percent, count_percent
        Deviation from the reference; None for the GSD if it is undefined.
    geometric_mean_interval, gsd_interval
        Interval of the deviation in percent, from all known components of uncertainty; None if there is none.
    """

    wasserstein: float
    kolmogorov_smirnov: float
    jensen_shannon: float
    jensen_shannon_null: tuple[float, float]
    p_value: float
    regrouped: str
    geometric_mean_percent: float
    gsd_percent: float | None
    count_percent: float
    geometric_mean_interval: tuple[float, float] | None = None
    gsd_interval: tuple[float, float] | None = None


def compare(sizes: Sizes, reference: Sizes, resamples: int = 1000) -> Comparison:
    """Compare a sample of sizes with another.

    Raises
    ------
    UserError
        If one of them is empty or their units differ.
    """
    for one in (sizes, reference):
        if not len(one):
            raise UserError("A sample without particles cannot be compared.", "Leave it out, or relax the rules.")
    if sizes.unit != reference.unit:
        raise UserError(
            f"One sample is in {sizes.unit}, the other in {reference.unit}.", "Give the pixel size of both."
        )
    pool = _Pool.of(sizes, reference)
    by_image = min(sizes.image_count, reference.image_count) >= FEWEST_IMAGES
    found = pool.distances(pool.first[None])[:, 0].tolist()
    chance = pool.shuffled(pool.images if by_image else np.arange(len(pool.first)), resamples)
    middle, other = log_figures(sizes), log_figures(reference)
    return Comparison(
        wasserstein=found[0],
        kolmogorov_smirnov=found[1],
        jensen_shannon=found[2],
        jensen_shannon_null=(float(np.median(chance[2])), float(np.quantile(chance[2], 0.95))),
        p_value=float((1 + (chance[0] >= found[0] * (1 - 1e-9)).sum()) / (1 + resamples)),
        regrouped="images" if by_image else "particles",
        geometric_mean_percent=100 * math.expm1(middle[0] - other[0]),
        gsd_percent=None if min(len(sizes), len(reference)) < 2 else 100 * math.expm1(middle[1] - other[1]),
        count_percent=100 * (len(sizes) / len(reference) - 1),
    )


@dataclass(frozen=True, eq=False)
class _Pool:
    """Particles of both samples, in ascending order: ln d, weight, image, membership of the first, cell of the grid."""

    log: Floats
    weights: Floats
    images: npt.NDArray[np.int64]
    first: npt.NDArray[np.bool_]
    cell: npt.NDArray[np.int64]

    @classmethod
    def of(cls, one: Sizes, other: Sizes) -> "_Pool":
        log = np.log(np.concatenate([one.values, other.values]))
        order = np.argsort(log, kind="stable")
        images = np.concatenate([one.images, other.images + one.images.max() + 1])
        cell = _cells(log[order])
        weights = np.concatenate([one.weights / one.weights.mean(), other.weights / other.weights.mean()])
        first = (np.arange(len(log)) < len(one))[order]
        return cls(log[order], weights[order], images[order], first, cell)

    def distances(self, first: npt.NDArray[np.bool_]) -> Floats:
        """(3, k) Wasserstein, Kolmogorov-Smirnov and Jensen-Shannon for (k, n) memberships of the first sample."""
        shares = [side * self.weights for side in (first, ~first)]
        shares = [share / share.sum(axis=1, keepdims=True) for share in shares]
        apart = np.abs(np.cumsum(shares[0] - shares[1], axis=1))[:, :-1]
        step = np.diff(self.log)
        largest = (apart * (step > 0)).max(axis=1, initial=0)
        starts = np.flatnonzero(np.diff(self.cell, prepend=-1))
        p, q = (np.add.reduceat(share, starts, axis=1) for share in shares)
        return np.stack([apart @ step, largest, _jensen_shannon(p, q)])

    def shuffled(self, unit: npt.NDArray[np.int64], count: int) -> Floats:
        """(3, count) the same for random memberships; a unit is exchanged as a whole."""
        rng = stream(0, "regroup")
        ids, which = np.unique(unit, return_inverse=True)
        held = self.first[np.unique(which, return_index=True)[1]]
        portion = max(1, _AT_ONCE // len(which))
        rounds = [min(portion, count - start) for start in range(0, count, portion)]
        drawn = (rng.permuted(np.broadcast_to(held, (size, len(ids))), axis=1)[:, which] for size in rounds)
        return np.concatenate([self.distances(side) for side in drawn], axis=1)


def _jensen_shannon(p: Floats, q: Floats) -> Floats:
    """(k,) divergence in bits of the rows of two (k, cells) arrays of shares."""
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(side > 0, side * np.log2(side / middle), 0) for side in (p, q)]
    return np.asarray((terms[0] + terms[1]).sum(axis=1) / 2, float)


def jensen_shannon(sizes: Sizes, reference: Sizes) -> float:
    """Divergence in bits of two samples that are not empty, on the fixed grid."""
    pool = _Pool.of(sizes, reference)
    return float(pool.distances(pool.first[None])[2, 0])


def jensen_shannon_by_chance(sizes: Sizes, resamples: int = 400) -> tuple[float, float]:
    """Median and 95 % quantile of the divergence of two samples drawn from the same particles.

    Each sample takes, with replacement, as many particles of each image as it has. So this is what remains if a method
    makes no error and only the number of particles is limited.
    """
    order = np.argsort(sizes.images, kind="stable")
    _, first, which, count = np.unique(sizes.images[order], return_index=True, return_inverse=True, return_counts=True)
    cell, weights = _cells(np.log(sizes.values[order])), sizes.weights[order]
    rng, cells, n = stream(0, "drawn twice"), int(cell.max()) + 1, len(cell)
    found = []
    for start in range(0, resamples, portion := max(1, _AT_ONCE // n)):
        rows = 2 * min(portion, resamples - start)
        drawn = first[which] + (rng.random((rows, n)) * count[which]).astype(np.int64)
        place = cell[drawn] + cells * np.arange(rows)[:, None]
        sums = np.bincount(place.ravel(), weights[drawn].ravel(), rows * cells).reshape(rows, cells)
        shares = sums / sums.sum(axis=1, keepdims=True)
        found.append(_jensen_shannon(shares[::2], shares[1::2]))
    chance = np.concatenate(found)
    return float(np.median(chance)), float(np.quantile(chance, 0.95))


def _cells(log: Floats) -> npt.NDArray[np.int64]:
    """(n,) number of the cell of the fixed grid, of those that are not empty."""
    step = math.log(10) / CELLS_PER_DECADE
    return np.unique(np.floor(log / step + 1e-9), return_inverse=True)[1].astype(np.int64)


def log_figures(sizes: Sizes) -> tuple[float, float]:
    """Logarithm of geometric mean and GSD; n - 1 as in `size_figures`."""
    log, w = np.log(sizes.values), sizes.weights
    middle = float(np.average(log, weights=w))
    freedom = w.sum() - w @ w / w.sum()
    return middle, math.sqrt(float(w @ (log - middle) ** 2) / freedom) if freedom > 0 else 0.0


def quantile_pairs(sizes: Sizes, reference: Sizes, count: int = 99) -> tuple[Floats, Floats]:
    """(count,) quantiles of the reference and of a sample at the same shares, for a quantile-quantile plot."""
    at = np.linspace(0, 1, count + 2)[1:-1]
    return percentiles(reference.values, reference.weights, at), percentiles(sizes.values, sizes.weights, at)
