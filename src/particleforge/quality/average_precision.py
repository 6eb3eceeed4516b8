"""Average precision as COCO defines it, from pairs that overlap.

The rules are those of ``cocoeval.py`` (https://github.com/cocodataset/cocoapi): particles found are taken by falling
score, each matches the free true particle with the highest intersection over union (IoU), and precision is averaged
over 101 values of recall, 10 thresholds from 0.50 to 0.95, and classes. Only one rule is different: COCO takes the best
100 of an image, here all count, because micrographs often show more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from particleforge.quality.instances import Bools, Floats, Instances, overlaps

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Least intersection over union of a match."""
RECALLS = np.linspace(0, 1, 101)
ANY_SIZE = (0.0, 1e10)
SMALL, MEDIUM, LARGE = (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10)
"""COCO's ranges of areas in px: discs of up to 36 px, of up to 108 px, and larger ones."""


@dataclass(frozen=True, eq=False)
class Graded:
    """Particles of one class found in an image, as right or wrong at each threshold.

    Parameters
    ----------
    scores
        (n,) how sure the detector is of each, falling.
    right, ignored
        (T, n) whether each matches a true particle, and whether it does not count, by threshold.
    expected
        Number of true particles that count.
    """

    scores: Floats
    right: Bools
    ignored: Bools
    expected: int


def grade(true: Instances, found: Instances, areas: tuple[float, float] = ANY_SIZE) -> dict[str, Graded]:
    """Grade the particles found in an image, by class; the class is empty if one side does not know classes.

    Parameters
    ----------
    true
        True particles; regions excuse whatever lies in them.
    found
        Particles with scores.
    areas
        Range of areas in px; true particles outside it are ignored, and found ones that match nothing else.

    Raises
    ------
    ValueError
        If the particles found have no scores.
    """
    if found.scores is None:
        raise ValueError("particles without scores cannot be graded")
    if true.classes is None or found.classes is None:
        return {"": _grade(true, found, areas)}
    names = sorted({*true.classes, *found.classes} - {""})
    return {name: _grade(_of_class(true, name), _of_class(found, name), areas) for name in names}


def _of_class(particles: Instances, name: str) -> Instances:
    """Particles of a class, with the regions that belong to none, as these excuse all."""
    classes = np.array(particles.classes or (), object)
    return particles.only((classes == name) | (particles.are_regions & (classes == "")))


def _grade(true: Instances, found: Instances, areas: tuple[float, float]) -> Graded:
    low, high = areas
    scores = np.zeros(0) if found.scores is None else found.scores
    order = np.argsort(-scores, kind="stable")
    excused = true.are_regions | (true.areas < low) | (true.areas > high)
    right, ignored = (np.zeros((len(THRESHOLDS), len(order)), np.bool_) for _ in range(2))
    nearby = _candidates(true, found, excused)
    outside = (found.areas < low) | (found.areas > high)
    regions = true.are_regions.tolist()
    for row, threshold in enumerate(THRESHOLDS):
        taken: set[int] = set()
        for place, index in enumerate(order.tolist()):
            match = _best(nearby.get(index, ()), min(threshold, 1 - 1e-10), taken, regions)
            if match is None:
                ignored[row, place] = outside[index]
            else:
                taken.add(match)
                ignored[row, place], right[row, place] = excused[match], not excused[match]
    return Graded(scores[order], right, ignored, int((~excused).sum()))


Candidates = Sequence[tuple[int, float, bool]]


def _candidates(true: Instances, found: Instances, excused: Bools) -> dict[int, Candidates]:
    """Index, IoU and whether it does not count, of true particles by the index of a found one; those that count first.

    Of a region the share of the found particle that lies in it replaces the IoU.
    """
    i, j, pixels = overlaps(true, found)
    regions = true.are_regions[i]
    iou = pixels / np.where(regions, found.areas[j], true.areas[i] + found.areas[j] - pixels)
    kept = iou >= THRESHOLDS[0]
    i, j, iou = i[kept], j[kept], iou[kept]
    order = np.lexsort((i, excused[i], j))
    rows = zip(j[order].tolist(), i[order].tolist(), iou[order].tolist(), excused[i][order].tolist(), strict=True)
    return {index: [row[1:] for row in group] for index, group in groupby(rows, key=lambda row: row[0])}


def _best(nearby: Candidates, threshold: float, taken: set[int], regions: Sequence[bool]) -> int | None:
    """Index of the free true particle with the highest IoU, of equal ones the last; None if none is close enough.

    One that counts is preferred to any that does not.
    """
    best, match, counts = threshold, None, False
    for index, iou, excused in nearby:
        if index in taken and not regions[index]:
            continue
        if match is not None and counts and excused:
            break
        if iou >= best:
            best, match, counts = iou, index, not excused
    return match


def precision_at_recall(graded: Sequence[Graded], rows: Sequence[int] | slice = slice(None)) -> Floats | None:
    """(T, 101) precision at each value of recall; None if no true particle counts.

    Parameters
    ----------
    graded
        Particles of one class in any number of images.
    rows
        Which of the thresholds.
    """
    expected = sum(one.expected for one in graded)
    if not expected:
        return None
    order = np.argsort(-np.concatenate([one.scores for one in graded]), kind="stable")
    right = np.concatenate([one.right[rows] for one in graded], axis=1)[:, order]
    ignored = np.concatenate([one.ignored[rows] for one in graded], axis=1)[:, order]
    hits, false = np.cumsum(right, axis=1), np.cumsum(~right & ~ignored, axis=1)
    precision = hits / (hits + false + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    found = np.zeros((len(right), len(RECALLS)))
    for row, (recall, values) in enumerate(zip(hits / expected, best, strict=True)):
        place = np.searchsorted(recall, RECALLS, "left")
        inside = place < len(values)
        found[row, inside] = values[place[inside]]
    return found


def average_precision(graded: Sequence[dict[str, Graded]], rows: Sequence[int] | slice = slice(None)) -> float | None:
    """Average precision over thresholds, recalls and classes; None if no true particle counts.

    Parameters
    ----------
    graded
        Results of `grade` for each image.
    rows
        Which of the thresholds.
    """
    names = sorted({name for image in graded for name in image})
    curves = [precision_at_recall([image[name] for image in graded if name in image], rows) for name in names]
    means = [float(curve.mean()) for curve in curves if curve is not None]
    return sum(means) / len(means) if means else None
