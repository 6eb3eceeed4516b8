"""How the time of a training is divided between learning and choosing thresholds."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from particleforge.models.patches import Source

MOST_CHOOSING = 0.3
"""Largest share of the time for choosing thresholds."""
LEAST_LEARNING = 0.1
"""Smallest share of the time for learning, where preparing took nearly all of it."""
WITHOUT_LIMIT = 0.97
"""Share of the progress that learning is where only steps limit it."""


@dataclass(frozen=True)
class Times:
    """When what ends.

    Parameters
    ----------
    minutes
        For learning; None: no limit.
    share
        Share of the progress that learning is.
    ends
        Reading of `time.monotonic` when all should be done.
    """

    minutes: float | None
    share: float
    ends: float

    def left_s(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.ends - time.monotonic())


def divide(
    minutes: float | None,
    began: float,
    groups: Sequence[Sequence[Source]],
    search: Callable[[Source], object],
    times: float,
) -> Times:
    """Divide the time of a training; what choosing thresholds takes is measured on one image.

    Parameters
    ----------
    minutes
        For everything; None: no limit.
    began
        Reading of `time.monotonic` when it began.
    groups
        Images on which thresholds are chosen.
    search
        Searches an image with a network of the size of that to be trained.
    times
        Time for choosing thresholds on an image, as a multiple of that of a search.
    """
    if minutes is None:
        return Times(None, WITHOUT_LIMIT, math.inf)
    whole_s = 60 * minutes
    choosing_s = 0.0
    if first := next((group[0] for group in groups if len(group)), None):
        measured = time.monotonic()
        search(first)
        each_s = times * (time.monotonic() - measured)
        choosing_s = min(each_s * sum(map(len, groups)), MOST_CHOOSING * whole_s)
    learning_s = max(began + whole_s - time.monotonic() - choosing_s, LEAST_LEARNING * whole_s)
    return Times(learning_s / 60, learning_s / (learning_s + choosing_s), began + whole_s)
