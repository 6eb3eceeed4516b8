"""Which particles to look at first; no Qt here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

LOWEST_SHARE = 0.1
"""Share of the particles whose scores are the lowest."""
MOST_Z = 3.5
"""Largest robust z-score of the logarithm of a size (Iglewicz and Hoaglin 1993)."""
LEAST_SIZES = 8
"""With fewer particles none stands out by its size."""


def doubtful(table: "pd.DataFrame") -> dict[int, str]:
    """Return why particles are doubtful, by id, in the order in which to look at them.

    First those whose scores are the lowest tenth, from the lowest on; then those that are far larger or smaller than
    the others, the most extreme first; then those that touch another one, which may be one particle in two pieces.

    Parameters
    ----------
    table
        As `measure_particles` gives it.
    """
    ids = table["label"].astype(int)
    found: dict[int, str] = {}
    if "score" in table:
        scores = table["score"].astype(float).to_numpy()
        given = np.isfinite(scores)
        if given.any():
            limit = np.quantile(scores[given], LOWEST_SHARE)
            low = np.flatnonzero(given & (scores <= limit) & (scores < scores[given].max()))
            for place in low[np.argsort(scores[low], kind="stable")]:
                found[int(ids.iloc[place])] = f"its score of {scores[place]:.2f} is among the lowest"
    size = table["ecd_px"].astype(float).to_numpy()
    z = robust_z(np.log(size)) if len(size) >= LEAST_SIZES else np.zeros(len(size))
    outlying = np.flatnonzero(np.abs(z) > MOST_Z)
    for place in outlying[np.argsort(-np.abs(z[outlying]), kind="stable")]:
        ratio = size[place] / float(np.median(size))
        far = f"{ratio:.1f} times the usual size" if ratio > 1 else f"only {100 * ratio:.0f} % of the usual size"
        found.setdefault(int(ids.iloc[place]), f"it has {far}")
    if "contacts" in table:
        for number in ids[table["contacts"] > 0]:
            found.setdefault(int(number), "it touches another particle")
    return found


def robust_z(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) distance from the median in units of the standard deviation that the median deviation stands for."""
    away = values - np.median(values)
    spread = float(np.median(np.abs(away)))
    return 0.6745 * away / spread if spread > 0 else np.where(away == 0, 0.0, np.copysign(np.inf, away))


class Queue:
    """Goes through the doubtful particles of an image, and counts those that a person has decided on."""

    def __init__(self) -> None:
        self.reasons: dict[int, str] = {}

    def update(self, reasons: Mapping[int, str], sure: frozenset[int], there: frozenset[int]) -> None:
        """Take a new table into account; what was doubtful before and is decided by now still counts as checked.

        Parameters
        ----------
        reasons
            Why particles are doubtful now, in order.
        sure
            Ids of those a person is sure of.
        there
            Ids of all particles.
        """
        decided = {number: why for number, why in self.reasons.items() if number in sure or number not in there}
        open_now = {number: why for number, why in reasons.items() if number not in decided}
        self.reasons = {**decided, **open_now}

    def left(self, sure: frozenset[int], there: frozenset[int]) -> list[int]:
        """Ids of the doubtful particles that nobody has decided on, in order."""
        return [number for number in self.reasons if number in there and number not in sure]

    def following(self, current: int | None, sure: frozenset[int], there: frozenset[int]) -> int | None:
        """Id of the one after the current one, or of the first; None if none is left."""
        order, left = list(self.reasons), self.left(sure, there)
        if not left:
            return None
        if current in self.reasons:
            place = order.index(int(current))
            for number in order[place + 1 :]:
                if number in left:
                    return number
        return left[0]
