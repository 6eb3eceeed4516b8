"""Outlines of particles that may overlap."""

from typing import Any, Literal

import numpy as np

from particleforge.outline import Outline
from particleforge.targets.target import Target


class Outlines(Target):
    """Outlines of the particles of a sample, including covered parts: a tuple of `Outline`."""

    kind: Literal["outlines"] = "outlines"

    def pack(self, value: Any) -> list[dict[str, Any]]:
        """Outlines as plain data; every digit is kept.

        Raises
        ------
        ValueError
            If it is not a tuple of `Outline`.
        """
        if not isinstance(value, tuple) or not all(isinstance(one, Outline) for one in value):
            raise ValueError("a tuple of Outline is needed")
        return [
            {"label": one.label, "visible_fraction": one.visible_fraction, "points_px": one.points_px.tolist()}
            for one in value
        ]

    def unpack(self, data: list[dict[str, Any]]) -> tuple[Outline, ...]:
        """Outlines from plain data."""
        return tuple(
            Outline(one["label"], np.array(one["points_px"], np.float64), one["visible_fraction"]) for one in data
        )
