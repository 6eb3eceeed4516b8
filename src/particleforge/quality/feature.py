"""The protocol of a feature: what the looks of an image are described by."""

from __future__ import annotations

from typing import Protocol

from particleforge.measurement.arrays import Floats
from particleforge.quality.view import View
from particleforge.registry import Registry


class Feature(Protocol):
    """Describes an image by one vector, or by one for each of its crops; a module of `features`, or an entry point."""

    STANDARDISED: bool
    """Whether its numbers are compared in units of their standard deviation over all sets."""

    @staticmethod
    def compute(view: View) -> Floats | None:
        """(k, d) finite numbers, k = 1 or the number of crops; None if there is nothing to compute them from."""


FEATURES: Registry[Feature] = Registry("feature of images", "particleforge.quality.features")
"""Every feature, by name; those of other packages are entry points in the group ``particleforge.features``."""


def features_of(view: View) -> dict[str, Floats]:
    """Compute every feature of an image that there is."""
    computed = {name: feature.compute(view) for name, feature in FEATURES.members().items()}
    return {name: rows for name, rows in computed.items() if rows is not None}
