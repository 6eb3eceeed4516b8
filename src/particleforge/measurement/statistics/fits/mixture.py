"""Mixtures of two normal distributions, fitted to many samples at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from particleforge.measurement.arrays import Floats, Ints

LEAST_SHARE = 0.02
"""Smallest share of a component."""
LEAST_WIDTH = 0.02
"""Smallest standard deviation of a component."""
LEAST_RATIO = 0.2
"""Smallest ratio of the widths of both components, which keeps one from shrinking to a few equal sizes
(Hathaway, Ann. Stat. 13, 795, 1985)."""
_FIRST_ROUNDS, _ROUNDS, _CHECKED = 12, 400, 8
_ENOUGH = 1e-7
_STARTS = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, eq=False)
class Mixtures:
    """Mixtures of two normals for B samples.

    Parameters
    ----------
    share
        (B,) share of the first component.
    mean, sd
        (2, B) of both components.
    likelihood
        (B,) mean log-likelihood, apart from the constant of the normal distribution.
    """

    share: Floats
    mean: Floats
    sd: Floats
    likelihood: Floats

    def taken(self, chosen: Ints) -> "Mixtures":
        """Take those of some of the samples."""
        return Mixtures(self.share[chosen], self.mean[:, chosen], self.sd[:, chosen], self.likelihood[chosen])

    def ordered(self) -> "Mixtures":
        """Put the component with the smaller mean first."""
        swap = self.mean[0] > self.mean[1]
        mean, sd = (np.where(swap, part[::-1], part) for part in (self.mean, self.sd))
        return Mixtures(np.where(swap, 1 - self.share, self.share), mean, sd, self.likelihood)


@dataclass(frozen=True, eq=False)
class _Samples:
    """B samples: (B, n) or (1, n) values, (B, n) weights that sum to 1 for each, and (B,) moments of all values."""

    x: Floats
    squares: Floats
    weights: Floats
    mean: Floats
    mean_square: Floats

    @classmethod
    def of(cls, x: Floats, weights: Floats) -> "_Samples":
        weights = weights / weights.sum(axis=1, keepdims=True)
        return cls(x, x**2, weights, (weights * x).sum(axis=1), (weights * x**2).sum(axis=1))

    def taken(self, chosen: Ints) -> "_Samples":
        """Take some of the samples."""
        own = (self.x, self.squares) if len(self.x) == 1 else (self.x[chosen], self.squares[chosen])
        return _Samples(*own, self.weights[chosen], self.mean[chosen], self.mean_square[chosen])

    def maximised(self, first: Floats) -> Mixtures:
        """Most likely components, within the limits, for the (B, n) weights that belong to the first one."""
        one = np.maximum(first.sum(axis=1), 1e-12)
        weight = np.stack([one, np.maximum(1 - one, 1e-12)])
        x, squares = (np.broadcast_to(part, first.shape) for part in (self.x, self.squares))
        sums, square_sums = (np.einsum("bn,bn->b", first, part) for part in (x, squares))
        mean = np.stack([sums, self.mean - sums]) / weight
        variance = np.stack([square_sums, self.mean_square - square_sums]) / weight - mean**2
        sd = np.sqrt(np.maximum(variance, LEAST_WIDTH**2))
        sd = np.maximum(sd, LEAST_RATIO * sd.max(axis=0))
        share = np.clip(weight[0], LEAST_SHARE, 1 - LEAST_SHARE)
        return Mixtures(share, mean, sd, np.full(len(share), -np.inf))

    def improved(self, mixtures: Mixtures, rounds: int) -> Mixtures:
        """Do some rounds of expectation maximisation; the likelihood is that before the last of them."""
        for _ in range(rounds - 1):
            odds = self._log_odds(mixtures)
            np.exp(np.minimum(odds, 700, out=odds), out=odds)
            odds += 1
            mixtures = self.maximised(np.divide(self.weights, odds, out=odds))
        odds = self._log_odds(mixtures)
        mean, sd = mixtures.mean[0][:, None], mixtures.sd[0][:, None]
        log = np.log(mixtures.share[:, None] / sd) - 0.5 * ((self.x - mean) / sd) ** 2 + np.logaddexp(0, odds)
        likelihood = np.einsum("bn,bn->b", self.weights, log)
        better = self.maximised(self.weights / (1 + np.exp(np.minimum(odds, 700))))
        return replace(better, likelihood=likelihood)

    def _log_odds(self, mixtures: Mixtures) -> Floats:
        """(B, n) logarithm of the odds that a value belongs to the second component, a parabola in x."""
        mean, precision = mixtures.mean, mixtures.sd**-2.0
        constant = np.log((1 - mixtures.share) / mixtures.share) + np.log(mixtures.sd[0] / mixtures.sd[1])
        constant += 0.5 * (mean[0] ** 2 * precision[0] - mean[1] ** 2 * precision[1])
        linear = mean[1] * precision[1] - mean[0] * precision[0]
        odds = self.squares * (0.5 * (precision[0] - precision[1]))[:, None]
        odds += self.x * linear[:, None]
        odds += constant[:, None]
        return np.asarray(odds, float)


def fit_mixtures(x: Floats, weights: Floats) -> Mixtures:
    """Fit by expectation maximisation, from the best of five starting points after a few rounds.

    Parameters
    ----------
    x
        (B, n) samples, or (1, n) if they share their values; of about zero mean.
    weights
        (B, n).
    """
    samples = _Samples.of(x, weights)
    found = [samples.improved(start, _FIRST_ROUNDS) for start in _starts(samples)]
    best = np.argmax([one.likelihood for one in found], axis=0)
    return _converged(samples, _chosen(found, best)).ordered()


def _starts(samples: _Samples) -> Iterator[Mixtures]:
    """Start with the values below and above a quantile; the one at it is divided, as copies of it would be."""
    x = np.broadcast_to(samples.x, samples.weights.shape)
    order = np.argsort(x, axis=1)
    ordered = np.take_along_axis(samples.weights, order, 1)
    before = np.cumsum(ordered, axis=1) - ordered
    for at in _STARTS:
        first = np.zeros(x.shape)
        np.put_along_axis(first, order, np.clip(at - before, 0.0, ordered), 1)
        yield samples.maximised(first)


def _converged(samples: _Samples, mixtures: Mixtures) -> Mixtures:
    """Improve until nothing changes; samples that are done are left alone."""
    open_ = np.arange(len(samples.weights))
    part = mixtures
    for _ in range(_ROUNDS // _CHECKED):
        better = samples.improved(part, _CHECKED)
        more = np.flatnonzero(better.likelihood - part.likelihood > _CHECKED * _ENOUGH)
        for name in ("share", "mean", "sd", "likelihood"):
            getattr(mixtures, name)[..., open_] = getattr(better, name)
        if not len(more):
            break
        if len(more) < len(open_):
            samples, open_ = samples.taken(more), open_[more]
        part = better.taken(more)
    return mixtures


def _chosen(found: list[Mixtures], best: Ints) -> Mixtures:
    """Take the given one of several for each sample."""
    at = np.arange(len(best))
    share, likelihood = (np.stack([getattr(one, name) for one in found])[best, at] for name in ("share", "likelihood"))
    mean, sd = (np.stack([getattr(one, name) for one in found])[best, :, at].T for name in ("mean", "sd"))
    return Mixtures(share, mean, sd, likelihood)
