"""Choose the thresholds at which a trained network agrees best with annotated images."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from particleforge.models.patches import Source
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Instances, Thresholds, instances
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import network_maps
from particleforge.quality.matching import Score, score
from particleforge.step import Progress, Step, stepwise

Floats = npt.NDArray[np.float32]
T = TypeVar("T")

PROBS = tuple(round(float(p), 3) for p in np.arange(0.2, 0.85, 0.05))
TOLERANCE = 0.01
"""F1 differences up to this are noise; the middle of all probabilities this close to the best is used."""
SIDE_PX = 512
"""Side of the piece of an image that is evaluated."""
TRIES = 3
"""Times the objects of an image are searched for."""
MESSAGE = "Choosing thresholds"
DEFAULT_PROB, DEFAULT_NMS = 0.5, 0.4
"""Default thresholds of a network for which none were chosen."""


@dataclass(frozen=True, eq=False)
class _Tried:
    """An image with the maps of the network."""

    source: Source
    prob: Floats
    dist: Floats
    config: StarDistConfig

    @cached_property
    def default(self) -> Instances:
        """Objects at the lowest probability and the default overlap."""
        return self._found(PROBS[0], DEFAULT_NMS)

    def found(self, prob_thresh: float, nms_thresh: float) -> Instances:
        """Objects at these thresholds, maybe with less probable ones."""
        return self.default if nms_thresh == DEFAULT_NMS else self._found(prob_thresh, nms_thresh)

    def _found(self, prob_thresh: float, nms_thresh: float) -> Instances:
        height, width = self.source.image.shape
        thresholds = Thresholds(prob_thresh, nms_thresh)
        return instances(self.prob, self.dist, config=self.config, thresholds=thresholds, shape=(height, width))

    def score(self, found: Instances, prob_thresh: float, iou: float) -> Score:
        """Score of the objects that are at least so probable.

        Suppression proceeds in order of falling probability, so the objects found at a higher threshold are the more
        probable part of those found at a lower one.
        """
        last = int((found.scores >= prob_thresh).sum())
        return score(self.source.labels, found.first(last), self.source.known, iou)


@stepwise
def choose_thresholds(
    net: StarDistNet, groups: Sequence[Sequence[Source]], iou: float = 0.5, seconds: float = math.inf
) -> Step[tuple[float, float]]:
    """Probability and overlap threshold with the best F1, giving each group of images the same weight.

    Parameters
    ----------
    net
        The trained network.
    groups
        Groups of similar images, for example real and synthetic ones; empty groups are left out.
    iou
        Least intersection over union of a hit.
    seconds
        Time for it. When half of it is over, no further images are used, but one of each group; where it is over, the
        overlap threshold stays the default.

    Returns
    -------
    prob_thresh, nms_thresh
        The defaults if there is no image.
    """
    ends, images = time.monotonic() + seconds, sum(map(len, groups))
    tried: list[list[_Tried]] = [[] for _ in filter(len, groups)]
    f1: list[list[list[Score]]] = [[] for _ in tried]
    for done, (group, source) in enumerate(_in_turn([group for group in groups if len(group)])):
        if done >= len(tried) and time.monotonic() > ends - seconds / 2:
            break
        yield Progress(done, TRIES * images, MESSAGE)
        one = _Tried(piece(source), *network_maps(net, piece(source).image), net.config)
        tried[group].append(one)
        f1[group].append([one.score(one.default, prob_thresh, iou) for prob_thresh in PROBS])
    if not tried:
        return DEFAULT_PROB, DEFAULT_NMS
    means = np.array([_mean_f1([[each[i] for each in group] for group in f1]) for i in range(len(PROBS))])
    prob_thresh = _middle_of_best(means)
    return prob_thresh, (yield from _choose_overlap(tried, prob_thresh, iou, ends))


def _choose_overlap(tried: Sequence[Sequence[_Tried]], prob_thresh: float, iou: float, ends: float) -> Step[float]:
    """Overlap threshold with the best F1; the default if time runs out or another is hardly better."""
    images = sum(map(len, tried))
    f1 = {}
    for number, nms_thresh in enumerate((0.3, DEFAULT_NMS, 0.5)):
        scores: list[list[Score]] = [[] for _ in tried]
        for done, (group, one) in enumerate(_in_turn(tried)):
            if time.monotonic() > ends:
                return DEFAULT_NMS
            yield Progress(images + 2 * (number * images + done) / 3, TRIES * images, MESSAGE)
            scores[group].append(one.score(one.found(prob_thresh, nms_thresh), prob_thresh, iou))
        f1[nms_thresh] = _mean_f1(scores)
    f1[DEFAULT_NMS] += TOLERANCE / 2
    return max(f1, key=lambda nms_thresh: f1[nms_thresh])


def _in_turn(groups: Sequence[Sequence[T]]) -> Iterator[tuple[int, T]]:
    """Items with the index of their group, the first of each group first."""
    for place in range(max(map(len, groups), default=0)):
        yield from ((number, group[place]) for number, group in enumerate(groups) if place < len(group))


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


def _mean_f1(groups: Sequence[Sequence[Score]]) -> float:
    """Mean F1 of the groups."""
    return float(np.mean([sum(scores, Score()).f1 for scores in groups]))


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
