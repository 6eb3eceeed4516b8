"""The protocol of a metric, and the computation of all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from particleforge.measurement.particles import measure_particles
from particleforge.quality.matching import Score, score
from particleforge.registry import Registry

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Judged:
    """An image with its true particles and those found in it.

    Parameters
    ----------
    true, found
        (Y, X) ids, 0 = background.
    known
        (Y, X) bool, True where `true` is the truth; None: everywhere.
    pixel_size_nm
        Side of the square pixels; None if not known.
    """

    true: npt.NDArray[np.integer]
    found: npt.NDArray[np.integer]
    known: npt.NDArray[np.bool_] | None = None
    pixel_size_nm: float | None = None

    @cached_property
    def score(self) -> Score:
        """Counts of true positives, false positives and false negatives at an intersection over union of 0.5."""
        return score(self.true, self.found, self.known)

    @cached_property
    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Particle tables of the true particles and of those found."""
        true, found = (measure_particles(ids, pixel_size_nm=self.pixel_size_nm) for ids in (self.true, self.found))
        return true, found


class Metric(Protocol):
    """A number that rates the particles found in images; a module of `metrics`, or an entry point."""

    TITLE: str

    @staticmethod
    def compute(images: Sequence[Judged]) -> float | None:
        """Value over all images; None if there is nothing to compute it from."""


METRICS: Registry[Metric] = Registry("metric", "particleforge.quality.metrics")
"""Every metric, by name; those of other packages are entry points in the group ``particleforge.metrics``."""


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
    >>> from particleforge.quality.metric import Judged, evaluate
    >>> labels = np.zeros((40, 40), np.uint32)
    >>> labels[10:20, 10:20] = 1
    >>> evaluate([Judged(true=labels, found=labels)])["f1"]
    1.0
    """
    return {name: metric.compute(images) for name, metric in METRICS.members().items()}
