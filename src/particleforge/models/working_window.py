"""Windows of a picture as a network sees it: normalised, resized, extended beyond its borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from particleforge.models.detections import Window
from particleforge.models.normalize import Floats, GreyRange
from particleforge.models.resizing import ResizedAxis
from particleforge.models.tiled import Picture

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Working:
    """A picture as a network sees it, of which windows are computed on demand.

    Parameters
    ----------
    picture
        The picture.
    grey
        Grey values that become 0 and 1.
    axes
        The resizing of Y and X.
    places
        For Y and X: which row or column of the resized picture is shown at each of the extended one.
    """

    picture: Picture
    grey: GreyRange
    axes: tuple[ResizedAxis, ResizedAxis]
    places: tuple[Ints, Ints]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, with what extends it."""
        return len(self.places[0]), len(self.places[1])

    def __getitem__(self, window: Window) -> Floats:
        """Compute a window; it is equal to that part of the whole."""
        rows, columns = (places[side] for places, side in zip(self.places, window, strict=True))
        source = self.axes[0].source(rows), self.axes[1].source(columns)
        shown = self.grey(self.picture.window(source).grey)
        shown = self.axes[0].apply(shown, rows)
        return np.ascontiguousarray(self.axes[1].apply(np.ascontiguousarray(shown.T), columns).T)


def extended(length: int, margin: int, divisor: int, mirror: Literal["reflect", "symmetric"] = "reflect") -> Ints:
    """Places of an axis with its ends repeated by a margin, and mirrored at its end to a multiple of a divisor."""
    places = np.pad(np.arange(length), margin, mode="edge")
    return np.pad(places, (0, -len(places) % divisor), mode=mirror)
