"""Outlines of particles that may overlap."""

from base64 import b64decode, b64encode
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from particleforge.outline import Outline
from particleforge.targets.target import Target

PER_PX = 16
"""Coordinates are stored as whole numbers of this part of a pixel."""
TOLERANCE_PX = 0.05
"""Corners closer to the line between others are left out."""
LARGEST_PX = 1e7
"""Coordinates beyond it cannot be stored."""


class Outlines(Target):
    """Outlines of the particles of a sample, including covered parts: a tuple of `Outline`.

    They are stored to 1/16 px, without corners that lie less than 0.05 px from the line between others.
    """

    kind: Literal["outlines"] = "outlines"

    def pack(self, value: Any) -> list[dict[str, Any]]:
        """Outlines as plain data; packing what `unpack` returned gives the same.

        Raises
        ------
        ValueError
            If it is not a tuple of `Outline`, or one lies too far from the image.
        """
        if not isinstance(value, tuple) or not all(isinstance(one, Outline) for one in value):
            raise ValueError("a tuple of Outline is needed")
        return [
            {
                "label": one.label,
                "visible_fraction": round(one.visible_fraction, 4),
                **_packed(one.points_px),
            }
            for one in value
        ]

    def unpack(self, data: list[dict[str, Any]]) -> tuple[Outline, ...]:
        """Outlines from plain data; datasets of earlier versions hold the corners as lists."""
        return tuple(
            Outline(
                one["label"],
                np.array(one["points_px"], np.float64) if "points_px" in one else _unpacked(one),
                one["visible_fraction"],
            )
            for one in data
        )


def _packed(points_px: npt.NDArray[np.float64]) -> dict[str, Any]:
    """First corner, and the steps from corner to corner in the smallest integers that hold them, as base64."""
    from particleforge.targets._simplify import needed_corners

    if np.abs(points_px).max() > LARGEST_PX:
        raise ValueError(f"coordinates up to {LARGEST_PX:.0e} px can be stored")
    corners = np.rint(points_px * PER_PX)
    kept = needed_corners(corners, TOLERANCE_PX * PER_PX)
    steps = np.diff(corners[kept] if kept.sum() >= 3 else corners, axis=0)
    size = next(size for size in (1, 2, 4) if np.abs(steps).max() <= np.iinfo(f"i{size}").max)
    text = b64encode(steps.astype(f"<i{size}").tobytes()).decode("ascii")
    return {"start": corners[0].astype(int).tolist(), "steps": f"{size}:{text}"}


def _unpacked(data: dict[str, Any]) -> npt.NDArray[np.float64]:
    size, text = data["steps"].split(":", 1)
    steps = np.frombuffer(b64decode(text), f"<i{int(size)}").reshape(-1, 2)
    return np.asarray(np.cumsum([data["start"], *steps.tolist()], axis=0) / PER_PX, np.float64)
