"""The scale bar that an instrument burnt into an image, and whether two images have the same one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.annotate.scale import Grey, Point, ScaleBar, find_scale_bar
from particleforge.burnt_in import picture_rows, scale_bars

SAME_PX = 1.0
"""Lengths of the same bar differ by this much at most, through compression of the image."""
LEAST_LETTERS = 2
"""Fewer are a text that cannot be distinguished from what is behind it."""
ALIKE = 0.75
"""Letters whose ink covers each other by this share of both are the same."""


@dataclass(frozen=True, eq=False)
class BurntInBar:
    """A scale bar with the text next to it.

    Parameters
    ----------
    bar
        Its exact ends.
    data_bar_px
        Heights of the data bars along the upper and lower edge of the image.
    letters
        Each letter of the text as (Y, X) ink, in order.
    """

    bar: ScaleBar
    data_bar_px: tuple[int, int]
    letters: tuple[npt.NDArray[np.bool_], ...]

    def is_same(self, other: "BurntInBar") -> bool:
        """Whether another image has a bar of this length with this text, in a data bar of this height."""
        return (
            len(self.letters) >= LEAST_LETTERS
            and abs(self.bar.length_px - other.bar.length_px) <= SAME_PX
            and self.data_bar_px == other.data_bar_px
            and len(self.letters) == len(other.letters)
            and all(_alike(one, two) for one, two in zip(self.letters, other.letters, strict=True))
        )


def find_burnt_in_bar(grey: Grey, line: tuple[Point, Point] | None = None) -> BurntInBar | None:
    """Find the scale bar of an image, the longest if there are several, or the one along a line.

    Only filled bars with letters near them are found.
    """
    found = []
    for window, text in scale_bars(grey):
        y = (window[0].start + window[0].stop - 1) / 2
        bar = find_scale_bar(grey, (y, window[1].start - 0.5), (y, window[1].stop - 0.5))
        if bar is not None and (line is None or _along(bar, line)):
            found.append((bar, text))
    if not found:
        return None
    bar, text = max(found, key=lambda one: one[0].length_px)
    first, stop = picture_rows(grey)
    return BurntInBar(bar, (first, len(grey) - stop), tuple(_letters(grey[text], bar.bright)))


def _along(bar: ScaleBar, line: tuple[Point, Point]) -> bool:
    """Whether a line runs from end to end of a bar."""
    drawn = np.array(sorted(line, key=lambda end: end[1]))
    return bool((abs(drawn - (bar.start, bar.end)) <= max(SAME_PX, bar.thickness_px)).all())


def _letters(text: Grey, bright: bool) -> Iterator[npt.NDArray[np.bool_]]:
    """Cut a line of text where a column holds no ink."""
    paper, ink_level = np.median(text), text.max() if bright else text.min()
    ink = abs(text - ink_level) < abs(text - paper)
    inked = np.flatnonzero(ink.any(0))
    for columns in np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1):
        if len(columns):
            yield ink[:, columns[0] : columns[-1] + 1]


def _alike(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> bool:
    if one.shape != other.shape:
        return False
    return bool((one & other).sum() >= ALIKE * (one | other).sum())
