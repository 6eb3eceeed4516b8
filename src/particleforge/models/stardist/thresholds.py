"""Choose the thresholds at which a trained network agrees best with annotated images."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from particleforge.models.patches import Source
from particleforge.models.score_choice import MESSAGE, SCORES, TOLERANCE, choose_score, in_turn, mean_f1
from particleforge.models.sources import piece
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.instances import Instances, Thresholds, instances
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import network_maps
from particleforge.quality.matching import Score, score
from particleforge.step import Progress, Step, stepwise

Floats = npt.NDArray[np.float32]

TRIES = 3
"""Times the objects of an image are searched for."""
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
        return self._found(SCORES[0], DEFAULT_NMS)

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
    ends = time.monotonic() + seconds
    tried: list[list[_Tried]] = [[] for _ in filter(len, groups)]

    def rate(group: int, source: Source) -> list[Score]:
        shown = piece(source)
        one = _Tried(shown, *network_maps(net, shown.image), net.config)
        tried[group].append(one)
        return [one.score(one.default, prob_thresh, iou) for prob_thresh in SCORES]

    prob_thresh = yield from choose_score(groups, rate, seconds / 2, TRIES)
    if prob_thresh is None:
        return DEFAULT_PROB, DEFAULT_NMS
    return prob_thresh, (yield from _choose_overlap(tried, prob_thresh, iou, ends))


def _choose_overlap(tried: Sequence[Sequence[_Tried]], prob_thresh: float, iou: float, ends: float) -> Step[float]:
    """Overlap threshold with the best F1; the default if time runs out or another is hardly better."""
    images = sum(map(len, tried))
    f1 = {}
    for number, nms_thresh in enumerate((0.3, DEFAULT_NMS, 0.5)):
        scores: list[list[Score]] = [[] for _ in tried]
        for done, (group, one) in enumerate(in_turn(tried)):
            if time.monotonic() > ends:
                return DEFAULT_NMS
            yield Progress(images + 2 * (number * images + done) / 3, TRIES * images, MESSAGE)
            scores[group].append(one.score(one.found(prob_thresh, nms_thresh), prob_thresh, iou))
        f1[nms_thresh] = mean_f1(scores)
    f1[DEFAULT_NMS] += TOLERANCE / 2
    return max(f1, key=lambda nms_thresh: f1[nms_thresh])


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
