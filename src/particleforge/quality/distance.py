"""The protocol of a distance between sets of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from particleforge.measurement.arrays import Floats
from particleforge.quality.described import Described
from particleforge.registry import Registry

Between: TypeAlias = Callable[[Floats, Floats], Floats]
"""Distances, (b,), for (b, n) and (b, m) how often each image of one and of another set counts: resamples, or halves of
the same set."""


class Distance(Protocol):
    """How far apart the looks of two sets are; a module of `distances`, or an entry point."""

    TITLE: str
    """What it is, as the heading of a row."""
    PLACE: int
    """Where it stands among the others, in ascending order; sets are ranked by the first one."""

    @staticmethod
    def between(one: Described, other: Described) -> Between | None:
        """Prepare the distance of two sets in common units; None if the feature it needs is not there."""


DISTANCES: Registry[Distance] = Registry("distance between sets", "particleforge.quality.distances")
"""Every distance, by name; those of other packages are entry points in the group ``particleforge.distances``."""


def distances() -> dict[str, Distance]:
    """Every distance by name, in the order in which they are shown."""
    return dict(sorted(DISTANCES.members().items(), key=lambda item: item[1].PLACE))
