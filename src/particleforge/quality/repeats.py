"""Trainings repeated with several seeds: what differs between seeds, and what between images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision, resampled
from particleforge.quality.metric import Judged, Metric, metrics, value_of
from particleforge.seeds import stream
from particleforge.step import Progress, Step

Seeds = Sequence[Sequence[Judged]]
"""Judged images of each seed; all have the same images in the same order."""
Interval = tuple[float, float]


@dataclass(frozen=True)
class Spread:
    """A metric of one arm, or its difference from that of another one.

    Parameters
    ----------
    values
        Value of each seed.
    mean
        Mean over seeds.
    sd
        Standard deviation over seeds, with n - 1; None for one seed.
    over_seeds
        Interval of Student's t for the mean over seeds: it holds for other trainings, on these images.
    over_images
        Interval by a bootstrap over images: it holds for other images, with these trainings.
    p_seeds
        Of differences: p-value of the paired t-test over seeds.
    p_images
        Of differences: share of random exchanges of the arms image by image that make as large a difference.
    """

    values: Sequence[float]
    mean: float
    sd: float | None
    over_seeds: Interval | None
    over_images: Interval | None
    p_seeds: float | None = None
    p_images: float | None = None

    def plain(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {name: list(value) if isinstance(value, Sequence) else value for name, value in asdict(self).items()}


Spreads = dict[str, dict[str, Spread]]
"""By arm, then by metric."""


@dataclass(frozen=True)
class Repeats:
    """Metrics of several arms on the same images.

    Parameters
    ----------
    images
        Number of images.
    values
        Of each arm; metrics that some seed does not have are left out.
    differences
        Of each arm but the first: how much more it has than the first.
    """

    images: int
    values: Spreads
    differences: Spreads

    def plain(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {"images": self.images, "values": _plain(self.values), "differences": _plain(self.differences)}


def repeats(arms: Mapping[str, Seeds], precision: Precision = Precision()) -> Step[Repeats]:
    """Compute every metric for every arm, with intervals over seeds and over images, and paired tests.

    Parameters
    ----------
    arms
        At least one arm with at least one seed; all have the same seeds and images, in the same order.
    precision
        Confidence of the intervals; number of resamples, and of exchanges of the arms.
    """
    first, *others = arms
    values: Spreads = {name: {} for name in arms}
    differences: Spreads = {name: {} for name in others}
    known = metrics()
    for done, (key, metric) in enumerate(known.items()):
        yield Progress(done, len(known), f"Computing {key}")
        for name, seeds in arms.items():
            if (own := spread([seeds], metric, precision)) is not None:
                values[name][key] = own
        for name in others:
            if (own := spread([arms[first], arms[name]], metric, precision)) is not None:
                differences[name][key] = own
    return Repeats(len(arms[first][0]), values, differences)


def spread(arms: Sequence[Seeds], metric: Metric, precision: Precision) -> Spread | None:
    """Compute a metric of one arm, or the difference of the second of two from the first; None without values."""

    def of(chosen: Sequence[Seeds]) -> Floats:
        return _values(chosen[-1], metric) - (_values(chosen[0], metric) if len(chosen) > 1 else 0)

    values = of(arms)
    if not np.isfinite(values).all():
        return None
    count = len(arms[0][0])

    def mean_of(indices: Ints) -> float:
        return float(of([[[images[i] for i in indices] for images in seeds] for seeds in arms]).mean())

    return Spread(
        values.tolist(),
        float(values.mean()),
        float(values.std(ddof=1)) if len(values) > 1 else None,
        over_seeds(values, precision),
        _over_images(count, mean_of, precision),
        _paired_t(values) if len(arms) > 1 else None,
        _exchanged(arms, of, precision) if len(arms) > 1 and count >= FEWEST_IMAGES else None,
    )


def over_seeds(values: Floats, precision: Precision) -> Interval | None:
    """Interval of Student's t for the mean of (n,) values; None for one value."""
    from scipy.stats import t

    if len(values) < 2:
        return None
    half = float(t.ppf(0.5 + precision.confidence_percent / 200, len(values) - 1)) * values.std(ddof=1)
    half /= math.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def _values(seeds: Seeds, metric: Metric) -> Floats:
    return np.array([value_of(metric, images) for images in seeds])


def _over_images(count: int, mean_of: Callable[[Ints], float], precision: Precision) -> Interval | None:
    if count < FEWEST_IMAGES:
        return None

    def figures(times: Floats) -> Floats:
        return np.array([[mean_of(np.repeat(np.arange(count), row.astype(np.int64)))] for row in times])

    low, high = resampled(np.arange(count), figures, precision)[:, 0].tolist()
    return (low, high) if math.isfinite(low + high) else None


def _paired_t(differences: Floats) -> float | None:
    """P-value of the paired t-test from the differences of pairs; None for one pair."""
    from scipy.stats import ttest_1samp

    if len(differences) < 2:
        return None
    if not differences.std():
        return 1.0 if not differences.any() else 0.0
    return float(ttest_1samp(differences, 0).pvalue)


def _exchanged(arms: Sequence[Seeds], of: Callable[[Sequence[Seeds]], Floats], precision: Precision) -> float:
    """P-value of a randomisation test: each image is exchanged between two arms, with all its seeds, or not."""
    rng, count = stream(0, "exchange"), len(arms[0][0])
    seen, larger = abs(float(of(arms).mean())), 0
    for _ in range(precision.resamples):
        sides = rng.integers(2, size=count)
        mixed = [
            [[pair[side ^ own][i] for i, side in enumerate(sides)] for pair in zip(*arms, strict=True)]
            for own in range(2)
        ]
        larger += not abs(float(of(mixed).mean())) < seen * (1 - 1e-9)
    return (1 + larger) / (1 + precision.resamples)


def _plain(spreads: Spreads) -> dict[str, dict[str, dict[str, object]]]:
    return {arm: {key: one.plain() for key, one in own.items()} for arm, own in spreads.items()}
