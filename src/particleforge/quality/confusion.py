"""How well classes are recognised: confusion matrix, accuracy with its interval, balanced accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.statistics.wilson import wilson


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of true and found classes.

    Parameters
    ----------
    classes
        Names of the classes.
    counts
        (k, k) counts; rows are true classes, columns what they were found to be.

    Examples
    --------
    >>> from particleforge.quality.confusion import Confusion
    >>> found = Confusion.of(("round", "rod"), [0, 0, 0, 1], [0, 0, 1, 1])
    >>> found.accuracy, round(found.balanced, 2)
    (0.75, 0.83)
    """

    classes: tuple[str, ...]
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, classes: Sequence[str], true: npt.ArrayLike, found: npt.ArrayLike) -> Confusion:
        """Count pairs of numbers of classes, in the order of `classes`."""
        counts = np.zeros((len(classes), len(classes)), np.int64)
        np.add.at(counts, (np.asarray(true, np.int64), np.asarray(found, np.int64)), 1)
        return cls(tuple(classes), counts)

    @property
    def total(self) -> int:
        """How many were classified."""
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        """Share that was recognised; NaN if there is none."""
        return float(np.trace(self.counts)) / self.total if self.total else math.nan

    @property
    def balanced(self) -> float:
        """Mean over the classes of the share that was recognised; classes that did not occur are left out."""
        rows = self.counts.sum(1)
        return float((np.diag(self.counts)[rows > 0] / rows[rows > 0]).mean()) if self.total else math.nan

    def interval(self, confidence_percent: float = 95.0) -> tuple[float, float]:
        """Wilson's interval of the accuracy, if each of them is independent of the others."""
        return wilson(self.accuracy, self.total, confidence_percent)

    def plain(self) -> dict[str, Any]:
        """Plain data."""
        low, high = self.interval()
        return {
            "classes": list(self.classes),
            "counts": self.counts.tolist(),
            "accuracy": self.accuracy,
            "interval": [low, high],
            "balanced": self.balanced,
        }
