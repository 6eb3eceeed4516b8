"""Choose the score from which a detector's finds count: that at which it agrees best with annotated images."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from particleforge.models.patches import Source
from particleforge.models.whole import Pixels, whole_particles
from particleforge.quality.instances import Instances
from particleforge.quality.matching import Comparison, Score, unknown_region
from particleforge.step import Progress, Step

T = TypeVar("T")
SCORES = tuple(round(float(score), 3) for score in np.arange(0.2, 0.85, 0.05))
"""Scores that are tried."""
TOLERANCE = 0.01
"""F1 differences up to this are noise; the middle of all scores this close to the best is used."""
MESSAGE = "Choosing thresholds"


def whole_scores(source: Source, found: Iterable[Pixels], scores: npt.NDArray[np.floating]) -> list[Score]:
    """Count hits and errors for each of `SCORES`, particle by particle, hidden parts included.

    Parameters
    ----------
    source
        An annotated image.
    found
        Rows and columns of the pixels of each particle that was found in it.
    scores
        (n,) their scores.
    """
    true = Instances.of_pixels(whole_particles(source).values(), (source.labels.shape[0], source.labels.shape[1]))
    every = Instances.of_pixels(found, true.shape)
    unknown = unknown_region(source.known)
    return [Comparison.of(true, every.only(scores >= least), unknown).score() for least in SCORES]


def choose_score(
    groups: Sequence[Sequence[Source]],
    rate: Callable[[int, Source], Sequence[Score]],
    seconds: float,
    tries: int = 1,
) -> Step[float | None]:
    """Score with the best F1, giving each group of images the same weight; None if there is no image.

    Parameters
    ----------
    groups
        Groups of similar images, for example real and synthetic ones; empty groups are left out.
    rate
        Searches an image and counts hits and errors for each of `SCORES`; it is also given the number of its group.
    seconds
        When they are over, no further images are used, but one of each group.
    tries
        How often each image is searched in all, for the progress.
    """
    ends, images = time.monotonic() + seconds, sum(map(len, groups))
    filled = [group for group in groups if len(group)]
    rated: list[list[Sequence[Score]]] = [[] for _ in filled]
    for done, (group, source) in enumerate(in_turn(filled)):
        if done >= len(filled) and time.monotonic() > ends:
            break
        yield Progress(done, tries * images, MESSAGE)
        rated[group].append(rate(group, source))
    if not rated:
        return None
    means = [mean_f1([[each[i] for each in group] for group in rated]) for i in range(len(SCORES))]
    return _middle_of_best(np.array(means))


def in_turn(groups: Sequence[Sequence[T]]) -> Iterator[tuple[int, T]]:
    """Items with the index of their group, the first of each group first."""
    for place in range(max(map(len, groups), default=0)):
        yield from ((number, group[place]) for number, group in enumerate(groups) if place < len(group))


def mean_f1(groups: Sequence[Sequence[Score]]) -> float:
    """Mean F1 of the groups."""
    return float(np.mean([sum(scores, Score()).f1 for scores in groups]))


def _middle_of_best(f1: npt.NDArray[np.float64]) -> float:
    """Score in the middle of the range of near-best ones around the best."""
    best = int(f1.argmax())
    good = f1 >= f1[best] - TOLERANCE
    first = last = best
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(f1) - 1 and good[last + 1]:
        last += 1
    return (SCORES[first] + SCORES[last]) / 2
