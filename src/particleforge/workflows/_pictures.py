"""Images prepared for a description of their looks: at working scale and without what was burnt into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.burnt_in import Window, marks, picture_rows
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.normalize import normalize, rescale
from particleforge.models.scaled_options import MAX_ENLARGEMENT
from particleforge.quality.view import PARTICLE_PX, SIDE_PX, Greys
from particleforge.seeds import stream

STEPS_PX = (SIDE_PX, SIDE_PX // 6)
"""Steps of the grid of crops; the finer one where marks leave none of the coarser one."""
WIDEST_PX = 2048
"""Of larger pictures the middle is used."""


@dataclass(frozen=True, eq=False)
class Picture:
    """The part of an image that shows the specimen.

    Parameters
    ----------
    name
        Name of the image.
    grey
        (Y, X) grey values.
    marks
        Windows of scale bars and letters in it.
    """

    name: str
    grey: Greys
    marks: Sequence[Window]

    @classmethod
    def of(cls, micrograph: Micrograph) -> Picture:
        """Leave out data bars, and all but the middle of a large image.

        Raises
        ------
        UserError
            If it is a stack, not finite, or shows nothing.
        """
        grey = micrograph.grey
        first, stop = picture_rows(grey)
        picture = _middle(grey[first:stop], WIDEST_PX)
        if picture.size == 0 or float(np.ptp(picture)) == 0:
            raise UserError(f"{micrograph.name}: all pixels are equal.", "Leave it out.")
        return cls(micrograph.name, picture, marks(picture))

    def at_working_scale(self, diameter_px: float, resolution_px: float) -> Picture:
        """Return it normalised and resized: its particles have `PARTICLE_PX`, and details are not finer than given.

        Parameters
        ----------
        diameter_px
            Median diameter of its particles.
        resolution_px
            Diameter to which the image is reduced first, if they are larger.
        """
        known = np.ones(self.grey.shape, np.bool_)
        for window in self.marks:
            known[window] = False
        coarse = min(1.0, resolution_px / diameter_px)
        factor = min(PARTICLE_PX / diameter_px, MAX_ENLARGEMENT)
        filled = np.where(known, self.grey, np.median(self.grey[known])) if known.any() else self.grey
        resized = rescale(rescale(normalize(filled, tails=True), coarse), factor / coarse)
        factors = [new / old for new, old in zip(resized.shape, self.grey.shape, strict=True)]
        scaled = [_scaled(window, factors) for window in self.marks]
        return Picture(self.name, resized, scaled)

    def middle(self, side_px: int) -> Picture:
        """Return its middle, of at most this side."""
        top, left = (max(0, (length - side_px) // 2) for length in self.grey.shape)
        moved = [(_moved(rows, top), _moved(columns, left)) for rows, columns in self.marks]
        return Picture(self.name, _middle(self.grey, side_px), moved)

    def crops(self, most: int) -> Greys:
        """(k, `SIDE_PX`, `SIDE_PX`) crops at random places of a grid, without marks; a small image is mirrored.

        Raises
        ------
        UserError
            If marks cover all of them.
        """
        missing = [max(0, SIDE_PX - length) for length in self.grey.shape]
        grey = np.pad(self.grey, [(0, short) for short in missing], mode="symmetric")
        covered = np.zeros(grey.shape, np.bool_)
        for window in self.marks:
            covered[window] = True
        free = next(filter(None, (_free(covered, step) for step in STEPS_PX)), [])
        if not free:
            raise UserError(f"{self.name}: bars and letters leave no part that could be compared.", "Crop them off.")
        order = stream(0, "crops", self.name).permutation(len(free))[:most]
        return np.stack([grey[free[place]] for place in np.sort(order)])


def _free(covered: npt.NDArray[np.bool_], step_px: int) -> list[Window]:
    """Windows of crops on a grid in which nothing is covered."""
    starts = [
        np.linspace(0, length - SIDE_PX, 1 + (length - SIDE_PX) // step_px).astype(int) for length in covered.shape
    ]
    windows = [(slice(y, y + SIDE_PX), slice(x, x + SIDE_PX)) for y in starts[0] for x in starts[1]]
    return [window for window in windows if not covered[window].any()]


def _middle(grey: Greys, side_px: int) -> Greys:
    top, left = (max(0, (length - side_px) // 2) for length in grey.shape)
    return grey[top : top + side_px, left : left + side_px]


def _scaled(window: Window, factors: Sequence[float]) -> Window:
    """Window in a resized image, rounded outwards."""
    rows, columns = (
        slice(int(part.start * factor), int(np.ceil(part.stop * factor)))
        for part, factor in zip(window, factors, strict=True)
    )
    return rows, columns


def _moved(part: slice, by: int) -> slice:
    return slice(max(0, part.start - by), max(0, part.stop - by))
