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
        """F1 score: 2 hits / (2 hits + false + missed); 1 if there is nothing and nothing was found."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else 1.0


def score(true: Labels, predicted: Labels, known: npt.NDArray[np.bool_] | None = None, iou: float = 0.5) -> Score:
    """Match instances one to one.

    Above an IoU of 0.5 a match is unique, so there is no assignment problem; only overlapping pairs are
    considered.

    Parameters
    ----------
    true, predicted
        (Y, X) instance ids, 0 = background.
    known
        (Y, X) bool. A prediction that matches no true particle and has less than half of its area on known
        pixels is ignored, since it is not known whether it is right.
    iou
        Minimum intersection over union of a hit, at least 0.5.
    """
    if iou < 0.5:
        raise ValueError(f"iou is {iou}; matches are unique only from 0.5 on")
    t, p = _compact(true), _compact(predicted)
    true_area, predicted_area = np.bincount(t), np.bincount(p)
    i, j = _pairs(t, p, true_area, predicted_area, iou)
    matched = np.zeros(len(predicted_area), bool)
    matched[j] = True
    hits = min(len(np.unique(i)), int(matched.sum()))
    counted = predicted_area > 0
    if known is not None:
        sure = np.bincount(p, weights=known.ravel(), minlength=len(predicted_area)) >= 0.5 * predicted_area
        counted &= sure | matched
    return Score(hits, int(counted[1:].sum()) - hits, int((true_area[1:] > 0).sum()) - hits)


def found_again(labels: Labels, other: Labels, iou: float = 0.5) -> npt.NDArray[np.int64]:
    """Ids of the instances of `labels` that are also in `other`, whatever their ids there."""
    ids, flat = np.unique(labels, return_inverse=True)
    t, p = flat.ravel() + int(ids[0] > 0), _compact(other)
    known_as = ids if ids[0] == 0 else np.append(0, ids)
    i, _ = _pairs(t, p, np.bincount(t), np.bincount(p), iou)
    return np.asarray(known_as[np.unique(i)], np.int64)


def _pairs(
    t: npt.NDArray[np.int64],
    p: npt.NDArray[np.int64],
    true_area: npt.NDArray[np.int64],
    predicted_area: npt.NDArray[np.int64],
    iou: float,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Ids of pairs that overlap enough, from flat ids and their areas."""
    both = (t > 0) & (p > 0)
    pairs, overlap = np.unique(t[both] * np.int64(len(predicted_area)) + p[both], return_counts=True)
    i, j = np.divmod(pairs, len(predicted_area))
    good = overlap / (true_area[i] + predicted_area[j] - overlap) >= iou
    return i[good], j[good]


def _compact(labels: Labels) -> npt.NDArray[np.int64]:
    """Flat ids small enough to count by; 0 stays 0."""
    flat = labels.ravel().astype(np.int64)
    if flat.size and flat.max() > 2 * flat.size:
        flat = np.unique(np.append(flat, 0), return_inverse=True)[1][:-1]
    return flat
