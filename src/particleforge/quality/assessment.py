"""Detectors compared on the same images: metrics with intervals, and differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision, resampled
from particleforge.measurement.statistics.describe import Estimate
from particleforge.quality.metric import ByChance, Judged, Metric, metrics, value_of
from particleforge.step import Progress, Step

Results = Mapping[str, Sequence[Judged]]
"""Judged images by detector; all detectors have the same images in the same order."""
Estimates = dict[str, dict[str, Estimate]]
"""By detector, then by metric."""


@dataclass(frozen=True)
class Assessment:
    """Metrics of several detectors on the same images.

    Parameters
    ----------
    names
        Names of the images.
    values
        Each metric with its interval.
    differences
        What each detector but the first has more than the first, with its interval.
    by_chance
        Median and 95 % quantile of metrics that are not perfect by chance alone.
    """

    names: Sequence[str]
    values: Estimates
    differences: Estimates
    by_chance: Mapping[str, tuple[float, float]]

    def plain(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "images": len(self.names),
            "values": _plain(self.values),
            "differences": _plain(self.differences),
            "by_chance": {key: list(band) for key, band in self.by_chance.items()},
        }


def assess(results: Results, precision: Precision = Precision()) -> Step[Assessment]:
    """Compute every metric for every detector, and the differences from the first one.

    Whole images are resampled, the same ones for all detectors, so that the intervals of differences are paired. With
    fewer than six images there are no intervals.

    Parameters
    ----------
    results
        At least one detector.
    precision
        Confidence of the intervals and number of resamples.
    """
    rated = metrics()
    first, *others = results
    values: Estimates = {name: {} for name in results}
    differences: Estimates = {name: {} for name in others}
    for done, (key, metric) in enumerate(rated.items()):
        yield Progress(done, len(rated), f"Computing the {key}")
        found = _estimates(list(results.values()), metric, precision)
        for name, one in zip(results, found, strict=False):
            values[name][key] = one
        for name, one in zip(others, found[len(results) :], strict=True):
            differences[name][key] = one
    chance = _by_chance(results[first], rated)
    return Assessment([image.name for image in results[first]], values, differences, chance)


def _estimates(results: Sequence[Sequence[Judged]], metric: Metric, precision: Precision) -> list[Estimate]:
    """Value for each detector, then the difference of each but the first from the first, with intervals."""
    count = len(results[0])

    def figures(chosen: Ints) -> Floats:
        values = np.array([value_of(metric, [images[index] for index in chosen]) for images in results])
        return np.concatenate([values, values[1:] - values[0]])

    def of_resamples(times: Floats) -> Floats:
        return np.stack([figures(np.repeat(np.arange(count), row.astype(np.int64))) for row in times])

    values = figures(np.arange(count))
    limits = np.full((2, len(values)), np.nan)
    if count >= FEWEST_IMAGES and not np.isnan(values).all():
        limits = resampled(np.arange(count), of_resamples, precision)
    return [_estimate(*figure) for figure in zip(values.tolist(), *limits.tolist(), strict=True)]


def _estimate(value: float, low: float, high: float) -> Estimate:
    known = math.isfinite(value)
    bounded = known and math.isfinite(low + high)
    return Estimate(value if known else None, low if bounded else None, high if bounded else None)


def _by_chance(images: Sequence[Judged], rated: Mapping[str, Metric]) -> dict[str, tuple[float, float]]:
    bands = {key: metric.by_chance(images) for key, metric in rated.items() if isinstance(metric, ByChance)}
    return {key: band for key, band in bands.items() if band is not None}


def _plain(estimates: Estimates) -> dict[str, dict[str, dict[str, float | None]]]:
    """Value and limits of each figure."""
    return {
        name: {key: {"value": one.value, "low": one.low, "high": one.high} for key, one in own.items()}
        for name, own in estimates.items()
    }
