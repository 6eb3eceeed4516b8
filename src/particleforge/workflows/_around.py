"""Find particles around those that a person is sure of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from particleforge.pieces import largest_pieces
from particleforge.quality.matching import score

LARGEST_SHARE = 0.5
"""Of two particles that overlap by more than this share of either, the one that is not sure is left out."""

Labels = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Around:
    """Sure particles, and those that were found around them.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background; sure particles keep theirs.
    scores
        Score by id.
    found_again
        Number of sure particles that were among what was found.
    added
        Id of each particle that was added, by its id among what was found.
    """

    labels: Labels
    scores: Mapping[int, float] = field(default_factory=dict)
    found_again: int = 0
    added: Mapping[int, int] = field(default_factory=dict)


def around(
    sure: Labels,
    scores: Mapping[int, float],
    found: Labels,
    found_scores: Mapping[int, float],
    free: npt.NDArray[np.bool_] | None = None,
) -> Around:
    """Add to sure particles what was found elsewhere.

    Of a particle that was found and overlaps sure ones by a small part only, the largest piece of the rest is left.

    Parameters
    ----------
    sure
        (Y, X) ids of the sure particles, 0 elsewhere; these do not change.
    scores
        Score of sure particles that have one, by id.
    found, found_scores
        (Y, X) ids and scores of what was found.
    free
        (Y, X) where there surely is no particle: what lies there with more than `LARGEST_SHARE` is left out. None:
        nowhere.
    """
    taken = sure > 0
    rest = np.where(taken | np.isin(found, _covering(sure, found, taken if free is None else taken | free)), 0, found)
    rest = largest_pieces(rest).labels
    ids = np.unique(rest[rest > 0])
    first = int(sure.max(initial=0)) + 1
    number = np.zeros(int(ids.max(initial=0)) + 1, np.uint32)
    number[ids] = np.arange(first, first + len(ids), dtype=np.uint32)
    new = {int(one): int(number[one]) for one in ids}
    added = {new[one]: found_scores[one] for one in new if one in found_scores}
    labels = np.where(taken, sure, number[rest]).astype(np.uint32)
    return Around(labels, {**scores, **added}, score(sure, found).hits, new)


def _covering(sure: Labels, found: Labels, taken: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    """Ids of what was found that lie largely on a taken place, or cover a sure particle largely."""
    area = np.bincount(found.ravel())
    on_taken = np.bincount(found[taken], minlength=len(area))
    both = (sure > 0) & (found > 0)
    pairs, overlap = np.unique(np.stack([sure[both], found[both]]), axis=1, return_counts=True)
    sure_area = np.bincount(sure.ravel())
    covers = pairs[1][overlap > LARGEST_SHARE * sure_area[pairs[0]]]
    return np.union1d(np.flatnonzero(on_taken > LARGEST_SHARE * area), covers).astype(np.uint32)
