"""Choose the thresholds at which a trained network agrees best with annotated images."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from particleforge.models.patches import Source
from particleforge.models.stardist.instances import Instances, Thresholds, instances
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import network_maps
from particleforge.quality.matching import Score, score

PROBS = tuple(round(float(p), 3) for p in np.arange(0.2, 0.85, 0.05))
TOLERANCE = 0.01
"""F1 differences up to this are noise; the middle of all probabilities this close to the best is used."""
SIDE_PX = 512
"""Side of the piece of an image that is evaluated."""
DEFAULT_PROB, DEFAULT_NMS = 0.5, 0.4
"""Default thresholds of a network for which none were chosen."""


def choose_thresholds(net: StarDistNet, groups: Sequence[Sequence[Source]], iou: float = 0.5) -> tuple[float, float]:
    """Probability and overlap threshold with the best F1, giving each group of images the same weight.

    Parameters
    ----------
    net
        The trained network.
    groups
        Groups of similar images, for example real and synthetic ones; empty groups are left out.
    iou
        Least intersection over union of a hit.

    Returns
    -------
    prob_thresh, nms_thresh
        The defaults if there is no image.
    """
    filled = [[piece(source) for source in group] for group in groups if len(group)]
    if not filled:
        return DEFAULT_PROB, DEFAULT_NMS
    maps = [[network_maps(net, source.image) for source in group] for group in filled]

    def found(nms_thresh: float) -> list[list[Instances]]:
        def one(source: Source, prob: npt.NDArray[np.float32], dist: npt.NDArray[np.float32]) -> Instances:
            height, width = source.image.shape
            return instances(
                prob, dist, config=net.config, thresholds=Thresholds(PROBS[0], nms_thresh), shape=(height, width)
            )

        return [
            [one(source, *pair) for source, pair in zip(group, pairs, strict=True)]
            for group, pairs in zip(filled, maps, strict=True)
        ]

    default = found(0.4)
    f1 = np.array([_mean_f1(filled, default, prob_thresh, iou) for prob_thresh in PROBS])
    prob_thresh = _middle_of_best(f1)
    by_overlap = {nms: _mean_f1(filled, found(nms), prob_thresh, iou) for nms in (0.3, 0.5)}
    by_overlap[0.4] = _mean_f1(filled, default, prob_thresh, iou) + TOLERANCE / 2
    return prob_thresh, max(by_overlap, key=lambda nms: by_overlap[nms])


def find_objects(net: StarDistNet, source: Source) -> Instances:
    """Find the objects in an image at working scale with the default thresholds."""
    height, width = source.image.shape
    prob, dist = network_maps(net, source.image)
    return instances(
        prob, dist, config=net.config, thresholds=Thresholds(DEFAULT_PROB, DEFAULT_NMS), shape=(height, width)
    )


def default_f1(net: StarDistNet, pieces: Sequence[Source], iou: float = 0.5) -> float:
    """F1 of all pieces together with the default thresholds; NaN if there are no pieces."""
    if not pieces:
        return math.nan
    scores = [score(source.labels, find_objects(net, source).labels, source.known, iou) for source in pieces]
    return sum(scores, Score()).f1


def piece(source: Source, side_px: int = SIDE_PX) -> Source:
    """Crop the centre of the image; if it is partly annotated, a piece around an annotated pixel."""
    shape = source.labels.shape
    centre = tuple(length // 2 for length in shape)
    if source.known is not None and source.known.any():
        places = np.argwhere(source.known)
        centre = tuple(np.median(places, axis=0).astype(int))
    window = tuple(
        slice(start := int(np.clip(middle - side_px // 2, 0, max(0, length - side_px))), start + side_px)
        for middle, length in zip(centre, shape, strict=True)
    )
    known = None if source.known is None else source.known[window]
    return Source(np.ascontiguousarray(source.image[window]), source.labels[window], known)


def _mean_f1(
    groups: Sequence[Sequence[Source]], found: Sequence[Sequence[Instances]], prob_thresh: float, iou: float
) -> float:
    """Mean F1 of the groups at a probability threshold.

    Suppression proceeds in order of falling probability, so the objects found at a higher threshold are the more
    probable part of those found at a lower one.
    """
    scores = []
    for group, results in zip(groups, found, strict=True):
        total = Score()
        for source, result in zip(group, results, strict=True):
            last = int((result.scores >= prob_thresh).sum())
            total += score(source.labels, result.first(last), source.known, iou)
        scores.append(total.f1)
    return float(np.mean(scores))


def _middle_of_best(f1: npt.NDArray[np.float64]) -> float:
    """Probability in the middle of the range of near-best ones around the best."""
    best = int(f1.argmax())
    good = f1 >= f1[best] - TOLERANCE
    first = last = best
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(f1) - 1 and good[last + 1]:
        last += 1
    return (PROBS[first] + PROBS[last]) / 2
