"""The protocol of a metric, and the computation of all metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from particleforge.mask import WholeLabels
from particleforge.measurement.overlapping import particles_of
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.quality.average_precision import ANY_SIZE, LARGE, MEDIUM, SMALL, Graded, average_precision, grade
from particleforge.quality.instances import Floats, Instances
from particleforge.quality.matching import Comparison, Score, unknown_region
from particleforge.registry import Registry

Given: TypeAlias = Instances | npt.NDArray[np.integer]
"""Particles, or a (Y, X) label image of them."""
BY_SIZE = {"any": ANY_SIZE, "small": SMALL, "medium": MEDIUM, "large": LARGE}


@dataclass(frozen=True, eq=False)
class Judged:
    """An image with its true particles and those found in it, compared; no pixels are kept.

    Parameters
    ----------
    comparison
        Which true and found particles overlap.
    true_sizes, found_sizes
        (n, 2) equal-area diameter in px and weight by the default rule for the border, of particles that count.
    graded
        Found particles as right or wrong by range of areas (see `BY_SIZE`) and class; None if they have no scores.
    pixel_size_nm
        Side of the square pixels; None if not known.
    expected
        The F1 that the detector expects in this image: ``value``, and ``low`` and ``high``, which hold it in 8 of 10
        images; None if it states none.
    name
        Name of the image.
    """

    comparison: Comparison
    true_sizes: Floats
    found_sizes: Floats
    graded: Mapping[str, dict[str, Graded]] | None = None
    pixel_size_nm: float | None = None
    expected: Mapping[str, float] | None = None
    name: str = ""

    @cached_property
    def score(self) -> Score:
        """Counts of true positives, false positives and false negatives at an intersection over union of 0.5."""
        return self.comparison.score()

    @cached_property
    def close_score(self) -> Score:
        """The same at an intersection over union of 0.75."""
        return self.comparison.score(0.75)


def judge(
    true: Given,
    found: Given,
    known: npt.NDArray[np.bool_] | None = None,
    pixel_size_nm: float | None = None,
    expected: Mapping[str, float] | None = None,
    name: str = "",
) -> Judged:
    """Compare what was found in an image with the truth.

    Parameters
    ----------
    true
        Labels or whole particles; regions among them excuse what lies in them.
    found
        Labels or whole particles, with scores for the average precision.
    known
        (Y, X) bool, True where `true` is the truth; None: everywhere. Found particles of which more than half lies
        elsewhere, and which match nothing, do not count.
    pixel_size_nm, expected, name
        As in `Judged`.
    """
    truth, detected = (one if isinstance(one, Instances) else Instances.of_labels(one) for one in (true, found))
    region = unknown_region(known)
    truth = truth if region is None else truth.with_region(region)
    particles = truth.only(~truth.are_regions)
    compared = Comparison.of(particles, detected, truth.only(truth.are_regions))
    return Judged(
        compared,
        _sizes(particles),
        _sizes(detected)[compared.counted()],
        None if detected.scores is None else {key: grade(truth, detected, one) for key, one in BY_SIZE.items()},
        pixel_size_nm,
        expected,
        name,
    )


def _sizes(particles: Instances) -> Floats:
    """(n, 2) equal-area diameter in px and weight; both 0 for particles without a pixel."""
    found = np.zeros((len(particles), 2))
    whole = particles.masks() if particles.overlap else {}
    measured = particles_of(WholeLabels(particles.labels(), whole), Rules())
    found[measured.ids - 1] = np.stack([measured["ecd_px"], measured["weight"]], axis=1)
    return found


def all_sizes(images: Sequence[Judged]) -> tuple[Sizes, Sizes]:
    """Sizes of all true particles that count, and of those found: in nm if all pixel sizes are known, else in px."""
    unit = "px" if any(image.pixel_size_nm is None for image in images) else "nm"
    true = [image.true_sizes for image in images]
    found = [image.found_sizes for image in images]
    scales = [1.0 if unit == "px" else image.pixel_size_nm or 1.0 for image in images]
    return _joined(true, scales, unit), _joined(found, scales, unit)


def _joined(sizes: Sequence[Floats], scales: Sequence[float], unit: str) -> Sizes:
    values = np.concatenate([np.zeros(0), *(one[:, 0] * scale for one, scale in zip(sizes, scales, strict=True))])
    weights = np.concatenate([np.zeros(0), *(one[:, 1] for one in sizes)])
    image = np.repeat(np.arange(len(sizes)), [len(one) for one in sizes])
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    return Sizes(values[order], weights[order], image[order], unit)


def mean_precision(
    images: Sequence[Judged], size: str, thresholds: Sequence[int] | slice = slice(None)
) -> float | None:
    """Average precision for a range of areas (see `BY_SIZE`); None if some image has no scores."""
    graded = [image.graded[size] for image in images if image.graded is not None]
    return average_precision(graded, thresholds) if len(graded) == len(images) else None


class Metric(Protocol):
    """A number that rates the particles found in images; a module of `metrics`, or an entry point."""

    TITLE: str
    """What it is, as the heading of a row."""
    PLACE: int
    """Where it stands among the others, in ascending order."""

    @staticmethod
    def compute(images: Sequence[Judged]) -> float | None:
        """Value over all images; None if there is nothing to compute it from."""


@runtime_checkable
class ByChance(Protocol):
    """A metric that is not at its best even if only chance makes a difference."""

    @staticmethod
    def by_chance(images: Sequence[Judged]) -> tuple[float, float] | None:
        """Median and 95 % quantile by chance alone, from the true particles; None if there are none."""


@runtime_checkable
class HasBest(Protocol):
    """A metric whose best value is known; results are worse the farther they are from it."""

    BEST: float


METRICS: Registry[Metric] = Registry("metric", "particleforge.quality.metrics")
"""Every metric, by name; those of other packages are entry points in the group ``particleforge.metrics``."""


def metrics() -> dict[str, Metric]:
    """Every metric by name, in the order in which they are shown."""
    return dict(sorted(METRICS.members().items(), key=lambda item: item[1].PLACE))


def value_of(metric: Metric, images: Sequence[Judged]) -> float:
    """Value of a metric without what is left of rounding; NaN if there is nothing to compute it from."""
    value = metric.compute(images)
    return math.nan if value is None else round(value, 9)


def evaluate(images: Sequence[Judged]) -> dict[str, float | None]:
    """Compute every metric.

    Parameters
    ----------
    images
        Images with their truth.

    Returns
    -------
    dict
        Value by name of the metric.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.quality.metric import evaluate, judge
    >>> labels = np.zeros((40, 40), np.uint32)
    >>> labels[10:20, 10:20] = 1
    >>> evaluate([judge(true=labels, found=labels)])["f1"]
    1.0
    """
    return {name: metric.compute(images) for name, metric in metrics().items()}
