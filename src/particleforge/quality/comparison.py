"""Sets of images compared with real ones: distances, what they are by chance, intervals and ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES, Precision, limits_of
from particleforge.measurement.statistics.describe import Estimate
from particleforge.quality.described import Described, in_common_units
from particleforge.quality.distance import Between, distances
from particleforge.seeds import stream
from particleforge.step import Progress, Step

SPLITS = 200
"""How many times real images are split into halves."""


@dataclass(frozen=True)
class Chance:
    """Distance of two halves of the real images.

    Parameters
    ----------
    median, low, high
        Median of many halves, and limits that hold 95 % of them.
    unit
        Distance that 95 % of them do not exceed, up or down; distances are stated in this unit, too.
    """

    median: float
    low: float
    high: float
    unit: float


@dataclass(frozen=True)
class Far:
    """Distance of a set from the real images.

    Parameters
    ----------
    value
        The distance with its interval.
    units
        Distance in units of that of halves of the real images; None without these.
    nearest
        Share of the resamples in which no other set is nearer; None without intervals.
    """

    value: Estimate
    units: float | None
    nearest: float | None

    def plain(self) -> dict[str, float | None]:
        """Plain data for JSON."""
        kept = {key: getattr(self.value, key) for key in ("value", "low", "high")}
        return {**kept, "units": self.units, "nearest": self.nearest}


@dataclass(frozen=True)
class Compared:
    """Sets compared with real images.

    Parameters
    ----------
    chance
        Distance of halves of the real images, by distance; empty for a single image.
    far
        Distances of each set, by distance and set.
    """

    chance: Mapping[str, Chance]
    far: Mapping[str, Mapping[str, Far]]

    @property
    def ranked(self) -> list[str]:
        """Names of the sets, the nearest by the first distance first."""
        first = next(iter(self.far.values()))
        return sorted(first, key=lambda name: _or_inf(first[name].value.value))

    def plain(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "ranked": self.ranked,
            "distances": {
                key: {
                    "by_chance": asdict(self.chance[key]) if key in self.chance else None,
                    "sets": {name: one.plain() for name, one in own.items()},
                }
                for key, own in self.far.items()
            },
        }


def compare(real: Described, sets: Sequence[Described], precision: Precision = Precision()) -> Step[Compared]:
    """Compute the distances of sets of images from real ones.

    Images are resampled in both sets, the same real ones for all sets. With fewer than six images in one of them there
    are no intervals, and with a single real image no distances by chance.

    Parameters
    ----------
    real
        Real images of one material.
    sets
        At least one set, with the same features.
    precision
        Confidence of the intervals and number of resamples.
    """
    yield Progress(0, 1, "Comparing the sets")
    real, *sets = in_common_units([real, *sets])
    chance: dict[str, Chance] = {}
    far: dict[str, dict[str, Far]] = {}
    known = distances()
    for done, (key, distance) in enumerate(known.items()):
        yield Progress(done, len(known), f"Computing the {distance.TITLE}")
        halves = distance.between(real, real)
        if halves is None:
            continue
        if len(real) > 1:
            chance[key] = _by_chance(halves, len(real))
        prepared = {one.name: between for one in sets if (between := distance.between(real, one)) is not None}
        far[key] = _far(prepared, real, sets, chance.get(key), precision)
    return Compared(chance, far)


def _by_chance(halves: Between, count: int) -> Chance:
    rng = stream(0, "halves")
    first = np.zeros((SPLITS, count))
    for row in first:
        row[rng.permutation(count)[: count // 2]] = 1
    found = halves(first, 1 - first)
    low, high = np.quantile(found, (0.025, 0.975)).tolist()
    return Chance(float(np.median(found)), low, high, float(np.quantile(np.abs(found), 0.95)))


def _far(
    prepared: Mapping[str, Between],
    real: Described,
    sets: Sequence[Described],
    chance: Chance | None,
    precision: Precision,
) -> dict[str, Far]:
    """Distance of each set, in the order of the sets."""
    resampled = {}
    for one in sets:
        if min(len(real), len(one)) >= FEWEST_IMAGES:
            drawn = (_times_drawn(len(each), precision.resamples, each.name) for each in (real, one))
            resampled[one.name] = prepared[one.name](*drawn)
    nearest = _nearest(resampled) if len(resampled) == len(sets) else {}
    found = {}
    for one in sets:
        value = float(prepared[one.name](np.ones((1, len(real))), np.ones((1, len(one))))[0])
        count = min(len(real), len(one))
        found[one.name] = Far(
            _estimate(value, resampled.get(one.name), count, precision),
            value / chance.unit if chance is not None and chance.unit > 0 else None,
            nearest.get(one.name),
        )
    return found


def _estimate(value: float, figures: Floats | None, count: int, precision: Precision) -> Estimate:
    if figures is None:
        return Estimate(value)
    low, high = limits_of(figures[:, None], count, precision)[:, 0].tolist()
    return Estimate(value, low, high) if math.isfinite(low + high) else Estimate(value)


def _times_drawn(count: int, resamples: int, name: str) -> Floats:
    """(resamples, count) how often each image of a set is drawn, the same for every distance."""
    rng = stream(0, "bootstrap", name)
    chosen = rng.integers(count, size=(resamples, count)) + count * np.arange(resamples)[:, None]
    return np.bincount(chosen.reshape(-1), minlength=resamples * count).reshape(resamples, count).astype(float)


def _nearest(resampled: Mapping[str, Floats]) -> dict[str, float]:
    if len(resampled) < 2:
        return {}
    figures = np.stack(list(resampled.values()))
    first = figures.argmin(0)
    return {name: float((first == place).mean()) for place, name in enumerate(resampled)}


def _or_inf(value: float | None) -> float:
    return math.inf if value is None else value
