"""Compare predicted instances with true ones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Score:
    """Counts of true positives, false positives and false negatives; scores add up over images."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.hits + other.hits, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Share of right ones: 2 hits / (2 hits + false + missed); 1 where nothing is there and nothing was found."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else 1.0


def score(true: Labels, predicted: Labels, known: npt.NDArray[np.bool_] | None = None, iou: float = 0.5) -> Score:
    """Match instances one to one.

    Above an IoU of 0.5 a match is unique, so no assignment problem arises; only overlapping pairs are
    looked at.

    Parameters
    ----------
    true, predicted
        (Y, X) instance ids, 0 = background.
    known
        (Y, X) bool. A prediction that hits no true particle and lies for less than half on known
        pixels is left out: nobody knows whether it is right.
    iou
        Least intersection over union of a hit, at least 0.5.
    """
    if iou < 0.5:
        raise ValueError(f"iou is {iou}; matches are unique only from 0.5 on")
    true_ids, t = np.unique(true, return_inverse=True)
    predicted_ids, p = np.unique(predicted, return_inverse=True)
    t, p = t.ravel(), p.ravel()
    true_area, predicted_area = np.bincount(t), np.bincount(p)
    pairs, overlap = np.unique(t.astype(np.int64) * len(predicted_ids) + p, return_counts=True)
    i, j = np.divmod(pairs, len(predicted_ids))
    inner = (true_ids[i] > 0) & (predicted_ids[j] > 0)
    i, j, overlap = i[inner], j[inner], overlap[inner]
    good = overlap / (true_area[i] + predicted_area[j] - overlap) >= iou
    matched = np.zeros(len(predicted_ids), bool)
    matched[j[good]] = True
    hits = min(len(np.unique(i[good])), int(matched.sum()))
    counts = predicted_ids > 0
    if known is not None:
        sure = np.bincount(p, weights=known.ravel()) >= 0.5 * predicted_area
        counts &= sure | matched
    return Score(hits, int(counts.sum()) - hits, int((true_ids > 0).sum()) - hits)
