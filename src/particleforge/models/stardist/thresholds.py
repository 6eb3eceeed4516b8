"""Choose the thresholds at which a trained network agrees best with annotated images."""

from collections.abc import Sequence

import numpy as np

from particleforge.models.patches import Source
from particleforge.models.scoring import Score, score
from particleforge.models.stardist.instances import instances
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import network_maps

PROBS = tuple(round(float(p), 3) for p in np.arange(0.2, 0.85, 0.05))
TOLERANCE = 0.01
"""F1 differences up to this are noise; the middle of all probabilities this close to the best is taken."""


def choose_thresholds(net: StarDistNet, groups: Sequence[Sequence[Source]], iou: float = 0.5) -> tuple[float, float]:
    """Probability and overlap threshold with the best F1, each group of images counting the same.

    Parameters
    ----------
    net
        The trained network.
    groups
        Images of one kind each, such as real and synthetic ones; empty groups are left out.
    iou
        Least intersection over union of a hit.

    Returns
    -------
    prob_thresh, nms_thresh
        0.5 and 0.4 where there is no image.
    """
    filled = [[(source, network_maps(net, source.image)) for source in group] for group in groups if len(group)]
    if not filled:
        return 0.5, 0.4

    def f1(prob_thresh: float, nms_thresh: float) -> float:
        scores = []
        for group in filled:
            total = Score()
            for source, (prob, dist) in group:
                found = instances(
                    prob,
                    dist,
                    config=net.config,
                    prob_thresh=prob_thresh,
                    nms_thresh=nms_thresh,
                    shape=source.image.shape,
                )
                total += score(source.labels, found.labels, source.known, iou)
            scores.append(total.f1)
        return float(np.mean(scores))

    by_prob = np.array([f1(prob, 0.4) for prob in PROBS])
    prob_thresh = _middle_of_best(by_prob)
    return prob_thresh, max((0.4, 0.3, 0.5), key=lambda overlap: f1(prob_thresh, overlap))


def _middle_of_best(f1: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Probability in the middle of the run of near-best ones around the best."""
    best = int(f1.argmax())
    good = f1 >= f1[best] - TOLERANCE
    first = last = best
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(f1) - 1 and good[last + 1]:
        last += 1
    return (PROBS[first] + PROBS[last]) / 2
