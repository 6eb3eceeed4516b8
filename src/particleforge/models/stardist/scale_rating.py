"""How plausible the objects found at several scales are; see docs/models.md for how the constants were chosen."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from particleforge.models.stardist.at_scale import AtScale
from particleforge.models.stardist.overlaps import Overlaps, overlaps

AGREEMENT_SHARES = {-2: 0.15, -1: 0.35, 1: 0.35, 2: 0.15}
"""Share of other scales in the agreement of one, by how many steps finer they are."""
LEAST_Z = 6.0
"""Objects that stand out less, in standard deviations of outlines at random places, are not particles."""
LEAST_OF_TYPICAL = 0.2
"""Nor are objects whose contrast is less than this share of the typical one of their scale, or of the other sign."""
LEAST_OF_BEST = 0.15
"""Nor are those below this share of the strongest typical contrast of any plausible scale."""
PLAUSIBLE_COUNT, PLAUSIBLE_AGREEMENT, PLAUSIBLE_VALUE = 5, 0.5, 0.5
"""A scale is plausible with at least this number of objects, this agreement, and this share of the best value."""
AREA_POWER, FULL_Z = 0.25, 15.0
"""How much covered area counts in the value of a scale; z from which contrast is as good as it can be."""
SURE_AGREEMENT, SURE_COUNT = 0.9, 8
"""From this agreement and count on contrast is not used: particles may differ from the ground by a rim only."""

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Choice:
    """Scales rated by what was found at them.

    Parameters
    ----------
    results
        What was found, by ascending scale.
    kept
        (n,) for each scale, which objects may be particles.
    between
        Overlaps of the objects of two scales, the coarser one first, by their indices; see `all_overlaps`.
    """

    results: Sequence[AtScale]
    kept: Sequence[Bools]
    between: Mapping[tuple[int, int], Overlaps]

    @cached_property
    def parts(self) -> list[AtScale]:
        """Results without the objects that are not particles."""
        return [result.only(kept) for result, kept in zip(self.results, self.kept, strict=True)]

    def matched(self, i: int, k: int) -> tuple[Bools, float]:
        """Which objects of scale i another one, k, holds as well, (n,) over all objects, and their F1."""
        pairs = self.between[min(i, k), max(i, k)]
        good = (pairs.iou >= 0.5) & self.kept[min(i, k)][pairs.one] & self.kept[max(i, k)][pairs.other]
        own = (pairs.one if i < k else pairs.other)[good]
        held = np.zeros(len(self.results[i]), np.bool_)
        held[own] = True
        seen = [
            int((self.kept[s] & (areas > 0)).sum())
            for s, areas in ((min(i, k), pairs.one_px2), (max(i, k), pairs.other_px2))
        ]
        return held, 2 * int(good.sum()) / sum(seen) if all(seen) else 0.0

    @cached_property
    def agreements(self) -> Doubles:
        """How well other scales confirm the objects of each: real particles persist, false ones do not.

        F1 against the objects of the next scales, and with less weight against those of the next but one; a scale that
        is not there confirms nothing.
        """
        shares = [(step, share) for step, share in AGREEMENT_SHARES.items() if abs(step) < len(self.results)]
        total = sum(share for _, share in shares)

        def agreement(i: int) -> float:
            there = [(i + step, share) for step, share in shares if 0 <= i + step < len(self.results)]
            return sum(share * self.matched(i, k)[1] for k, share in there) / total if there else 0.0

        return np.array([agreement(i) for i in self._all])

    def neighbours(self, i: int) -> list[int]:
        """Return the indices of the next coarser and the next finer scale."""
        return [k for k in (i - 1, i + 1) if 0 <= k < len(self.results)]

    def with_neighbours(self, indices: Iterable[int]) -> tuple[int, ...]:
        """Return these indices and those of their neighbours, in order."""
        return tuple(sorted({int(k) for i in indices for k in (i, *self.neighbours(i))}))

    def values(self, *, by_contrast: bool) -> Doubles:
        """Value of each scale: how much its objects look like those the network was trained on, and agree."""
        likely = [_likely(part, by_contrast=by_contrast) for part in self.parts]
        return np.asarray(np.multiply(likely, self.agreements) if self.agreements.any() else likely)

    @property
    def _all(self) -> range:
        return range(len(self.results))


def _likely(part: AtScale, *, by_contrast: bool) -> float:
    if not len(part):
        return 0.0
    sure = (float(part.found.scores.mean()) * part.consistency) ** 2
    if not by_contrast:
        return math.sqrt(part.covered) * sure
    z = part.contrast.z
    known = z[np.isfinite(z)]
    return float(part.covered**AREA_POWER * sure * min(1.0, float(np.median(known)) / FULL_Z if len(known) else 1.0))


def typical_contrast(part: AtScale) -> float:
    """Median contrast, each object weighted by the square root of its area times its probability; 0 if unknown."""
    values = part.contrast.values
    known = np.isfinite(values)
    if not known.any():
        return 0.0
    weights = (part.stars.dist.mean(1) * part.found.scores)[known]
    order = np.argsort(values[known])
    share = np.cumsum(weights[order])
    return float(values[known][order][np.searchsorted(share, share[-1] / 2)])


def stands_out(result: AtScale) -> Bools:
    """(n,) which objects have enough contrast, of the sign that most have; those of unknown contrast pass."""
    typical, values = typical_contrast(result), result.contrast.values
    with np.errstate(invalid="ignore"):
        faint = result.contrast.z < LEAST_Z
        odd = values * np.sign(typical) < LEAST_OF_TYPICAL * abs(typical)
    return np.asarray(~(faint | odd))


def all_overlaps(results: Sequence[AtScale]) -> dict[tuple[int, int], Overlaps]:
    """Overlaps of the objects of each scale with those of the next finer one and the next but one."""
    pairs = [(i, k) for i in range(len(results)) for k in (i + 1, i + 2) if k < len(results)]
    return {
        (i, k): overlaps(results[i].stars, results[k].stars, results[i].bounds.common(results[k].bounds))
        for i, k in pairs
    }


def rate(results: Sequence[AtScale], fixed: int | None = None) -> tuple[int, Choice, Doubles]:
    """Choose the scale to begin with, unless given; say which objects may be particles, and how good each scale is."""
    between = all_overlaps(results)
    everything = Choice(results, [np.ones(len(result), np.bool_) for result in results], between)
    plain = everything.values(by_contrast=False)
    best = int(plain.argmax()) if fixed is None else fixed
    if everything.agreements[best] >= SURE_AGREEMENT and len(results[best]) >= SURE_COUNT:
        return best, everything, plain
    filtered = Choice(results, [stands_out(result) for result in results], between)
    values = filtered.values(by_contrast=True)
    plausible = [
        i
        for i, part in enumerate(filtered.parts)
        if len(part) >= PLAUSIBLE_COUNT
        and filtered.agreements[i] >= PLAUSIBLE_AGREEMENT
        and values[i] >= PLAUSIBLE_VALUE * values.max()
    ]
    strongest = max((_median_strength(filtered.parts[i]) for i in plausible), default=0.0)
    with np.errstate(invalid="ignore"):
        kept = [
            have & ~(np.abs(result.contrast.values) < LEAST_OF_BEST * strongest)
            for have, result in zip(filtered.kept, results, strict=True)
        ]
    filtered = Choice(results, kept, between)
    values = filtered.values(by_contrast=True)
    return int(values.argmax()) if fixed is None else fixed, filtered, values


def _median_strength(part: AtScale) -> float:
    known = np.abs(part.contrast.values[np.isfinite(part.contrast.values)])
    return float(np.median(known)) if len(known) else 0.0
