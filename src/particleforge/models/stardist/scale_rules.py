"""Which objects of several scales are particles; the constants were chosen on development images (docs/models.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.at_scale import AtScale
from particleforge.models.stardist.contrast import Contrast
from particleforge.models.stardist.instances import Instances
from particleforge.models.stardist.overlaps import Overlaps, overlaps
from particleforge.models.stardist.scale_rating import LEAST_Z, Bools, Choice, Doubles, rate, typical_contrast
from particleforge.models.stardist.stars import Stars

FILL_AGREEMENT, FILL_SCORE, FILL_CONTRAST, FILL_OVERLAP = 0.7, 0.55, 0.4, 0.3
"""Least agreement of a finer scale from which objects are added; least score and share of the typical contrast of these
objects; greatest share of their area that may overlap what is there."""
FILL_MOST = (2, 5)
"""(a, b): if more than a times the objects there, plus b, would be added, none are."""
CLOSE_VALUE, CLOSE_AGREEMENT = 0.4, 0.65
"""Scales from this share of the best value on, and finer ones from this agreement on, may yet be chosen."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """What was chosen among the results of several scales.

    Parameters
    ----------
    best
        Index of the scale that most particles are from.
    parts
        The particles: those of the best scale, and those of finer ones.
    needed
        Indices of all scales that they and their confirmation come from.
    contenders
        Indices of all scales that might be chosen, or add particles, if more of the image were searched.
    agreement
        How well the neighbours of the best scale confirm it, 0 to 1.
    kept
        Share of the objects of the best scale that stand out enough.
    """

    best: int
    parts: Sequence[AtScale]
    needed: tuple[int, ...]
    contenders: tuple[int, ...]
    agreement: float
    kept: float

    @property
    def signals(self) -> dict[str, float]:
        """What its quality is estimated from: agreement, share kept, and mean probability at the best scale."""
        scores = self.parts[0].found.scores
        prob = float(scores.mean()) if len(scores) else 0.0
        return {"agreement": self.agreement, "kept": self.kept, "mean_probability": prob}

    def particles(self, wider_px: float = 0.0, about: Mapping[str, Any] = MappingProxyType({})) -> Instances:
        """Put the particles together, the most probable first.

        Parameters
        ----------
        wider_px
            Distance by which outlines are moved outwards, in pixels at the scale of each.
        about
            What else is to be known of them; see `Detections`.
        """
        scale = self.parts[0].scale
        found = merged([replace(part, found=part.found.wider(wider_px)) for part in self.parts]).found
        order = np.argsort(-found.scores, kind="stable")
        about = {"working_scale": scale, **self.signals, **about}
        return replace(found.only(order + 1), painted=None, found=about)


def choose(results: Sequence[AtScale], fixed: int | None = None) -> Chosen:
    """Choose the particles among the objects found at several scales.

    Parameters
    ----------
    results
        What was found, by ascending scale.
    fixed
        Index of the scale to begin with, if it is known.
    """
    best, choice, values = rate(results, fixed)
    found = results[best].only(_confirmed(choice, best))
    added = _finer(choice, best, found)
    scales = [best, *sorted(added)]
    needed = choice.with_neighbours(scales)
    close = np.flatnonzero(values >= CLOSE_VALUE * values.max()) if fixed is None else [fixed]
    fine = [i for i in range(best + 1, len(results)) if choice.agreements[i] >= CLOSE_AGREEMENT]
    kept = float(choice.kept[best].mean()) if len(results[best]) else 0.0
    contenders = choice.with_neighbours([*close, *fine])
    return Chosen(best, [found, *added.values()], needed, contenders, float(choice.agreements[best]), kept)


def _confirmed(choice: Choice, best: int) -> Bools:
    """(n,) which objects of a scale may be particles and are held by at least one neighbouring scale."""
    held = [choice.matched(best, k)[0] for k in choice.neighbours(best)]
    return choice.kept[best] & (np.logical_or.reduce(held) if held else True)


def _finer(choice: Choice, best: int, found: AtScale) -> dict[int, AtScale]:
    """Smaller particles that only finer scales show, by the index of the scale.

    Parameters
    ----------
    choice
        What all scales hold.
    best
        Index of the scale of `found`.
    found
        The particles there.
    """
    typical = typical_contrast(found)
    parts: dict[int, AtScale] = {}
    ranks: list[Doubles] = []
    for i in range(best + 1, len(choice.results)):
        result = choice.results[i]
        if choice.agreements[i] < FILL_AGREEMENT:
            continue
        held = np.sum([choice.matched(i, k)[0] for k in choice.neighbours(i)], axis=0)
        score = result.found.scores * result.consistencies
        with np.errstate(invalid="ignore"):
            strong = result.contrast.values * np.sign(typical) >= FILL_CONTRAST * abs(typical)
            strong &= result.contrast.z >= LEAST_Z
        good = choice.kept[i] & (held == len(choice.neighbours(i))) & (score >= FILL_SCORE) & strong
        if good.any():
            parts[i] = result.only(good)
            ranks.append(score[good] * (1 + 0.25 * (held[good] - 1)))
    if not parts:
        return {}
    taken = _apart(merged(list(parts.values())), found, np.argsort(-np.concatenate(ranks), kind="stable"))
    if taken.sum() > FILL_MOST[0] * len(found) + FILL_MOST[1]:
        return {}
    ends = np.cumsum([len(part) for part in parts.values()])
    each = zip(parts.items(), np.split(taken, ends[:-1]), strict=True)
    return {i: part.only(of_part) for (i, part), of_part in each if of_part.any()}


def _apart(more: AtScale, found: AtScale, order: npt.NDArray[np.int64]) -> Bools:
    """(n,) which objects of `more`, taken in this order, overlap neither `found` nor each other too much."""
    bounds = found.bounds
    pairs = overlaps(more.stars, found.stars, bounds)
    chosen = np.ones(len(more), np.bool_)
    chosen[pairs.one[_much(pairs)]] = False
    pairs = overlaps(more.stars, more.stars, bounds)
    much = _much(pairs) & (pairs.one != pairs.other)
    rivals: dict[int, list[int]] = {}
    for one, other in zip(pairs.one[much].tolist(), pairs.other[much].tolist(), strict=True):
        rivals.setdefault(one, []).append(other)
        rivals.setdefault(other, []).append(one)
    taken = np.zeros(len(more), np.bool_)
    for index in order.tolist():
        if chosen[index] and not any(taken[rival] for rival in rivals.get(index, ())):
            taken[index] = True
    return taken


def _much(pairs: Overlaps) -> Bools:
    smaller = np.minimum(pairs.one_px2[pairs.one], pairs.other_px2[pairs.other])
    return np.asarray(pairs.common_px2 > FILL_OVERLAP * np.maximum(smaller, 1e-9))


def merged(parts: Sequence[AtScale]) -> AtScale:
    """Put objects of several scales together, as if found at the first."""
    first = parts[0]
    stars = Stars(
        np.concatenate([part.stars.points for part in parts]), np.concatenate([part.stars.dist for part in parts])
    )
    scores = np.concatenate([part.found.scores for part in parts])
    found = replace(
        first.found,
        points=np.concatenate([part.found.points for part in parts]),
        scores=scores,
        outlines=stars,
        painted=None,
    )
    return replace(
        first,
        found=found,
        off_px=np.concatenate([part.off_px for part in parts]),
        usual_px=np.concatenate([part.usual_px for part in parts]),
        contrast=Contrast(np.concatenate([part.contrast.values for part in parts]), first.contrast.noise),
    )
