"""How well what is found agrees with the annotation, particle by particle, hidden parts included."""

import math
from collections.abc import Sequence

import numpy as np

from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.predict import Limits, Objects, object_steps
from particleforge.models.patches import Source
from particleforge.models.score_choice import SCORES
from particleforge.models.whole import whole_particles
from particleforge.quality.instances import Instances
from particleforge.quality.matching import Comparison, Score, unknown_region
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
    shape = source.labels.shape
    true = Instances.of_pixels(whole_particles(source).values(), shape)
    every = Instances.of_pixels([mask.places for mask in found.masks], shape)
    unknown = unknown_region(source.known)
    return [Comparison.of(true, every.only(found.scores >= least), unknown).score() for least in SCORES]


def default_f1(net: MaskRCNNNet, pieces: Sequence[Source], reach_px: float) -> float:
    """F1 of all pieces together at the default score; NaN if there are none."""
    if not pieces:
        return math.nan
    at = int(np.argmin(np.abs(np.array(SCORES) - DEFAULT_SCORE)))
    counted = [scores(source, find(net, source, DEFAULT_SCORE, reach_px))[at] for source in pieces]
    return sum(counted, Score()).f1
