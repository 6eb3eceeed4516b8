"""How well what is found agrees with the annotation, particle by particle, hidden parts included."""

import math
from collections.abc import Sequence

import numpy as np

from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.predict import Limits, Objects, object_steps
from particleforge.models.patches import Source
from particleforge.models.score_choice import SCORES, whole_scores
from particleforge.quality.matching import Score
from particleforge.step import run

DEFAULT_SCORE = 0.5
"""Smallest score where none was chosen."""


def find(net: MaskRCNNNet, source: Source, least_score: float, reach_px: float) -> Objects:
    """Find the particles in an image at working scale."""
    height, width = source.image.shape
    limits = Limits(least_score, reach_px=reach_px)
    return run(object_steps(net.eval(), source.image, (height, width), limits))


def scores(source: Source, found: Objects) -> list[Score]:
    """Count hits and errors for each of `SCORES`."""
    return whole_scores(source, [mask.places for mask in found.masks], found.scores)


def default_f1(net: MaskRCNNNet, pieces: Sequence[Source], reach_px: float) -> float:
    """F1 of all pieces together at the default score; NaN if there are none."""
    if not pieces:
        return math.nan
    at = int(np.argmin(np.abs(np.array(SCORES) - DEFAULT_SCORE)))
    counted = [scores(source, find(net, source, DEFAULT_SCORE, reach_px))[at] for source in pieces]
    return sum(counted, Score()).f1
