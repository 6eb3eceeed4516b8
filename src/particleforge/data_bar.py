"""Find burnt-in data bars, the bands along the upper or lower edge in which an instrument writes what it did."""

import numpy as np
import numpy.typing as npt

LEAST_SHARE, LARGEST_SHARE = 0.02, 0.35
"""Of the image's height."""
JUMP = 0.05
"""A bar begins where greys jump by more than this share of their range ..."""
JUMPING_SHARE = 0.55
"""... in more than this share of all columns: no particle has a side as long and as straight."""
SAME = 0.012
"""Greys that differ by less than this share of their range are the same; compression blurs what is burnt in."""
EVEN_SHARE = 0.5
"""Share of its pixels that have the same grey in the middle one of a bar's rows: there is paper between the letters."""


def picture_rows(grey: npt.NDArray[np.floating]) -> tuple[int, int]:
    """Rows that show the specimen.

    Parameters
    ----------
    grey
        (Y, X) grey values.

    Returns
    -------
    The first row below a bar along the upper edge, or 0, and the first one of a bar along the lower edge, or the
    image's height.
    """
    finite = grey[np.isfinite(grey)]
    if not finite.size or (reach := float(np.ptp(finite))) == 0:
        return 0, len(grey)
    levels = np.nan_to_num((grey - finite.min()) / reach)
    return _bar_px(levels[::-1]), len(grey) - _bar_px(levels)


def _bar_px(levels: npt.NDArray[np.floating]) -> int:
    """Height of the bar along the lower edge of an image of greys between 0 and 1; 0 where there is none."""
    height = len(levels)
    first, last = int(height * (1 - LARGEST_SHARE)), int(height * (1 - LEAST_SHARE))
    jumps = (np.abs(np.diff(levels[first:last], axis=0)) > JUMP).mean(1)
    for row in first + 1 + np.flatnonzero(jumps > JUMPING_SHARE):
        if np.median([_even_share(line) for line in levels[row:]]) > EVEN_SHARE:
            return height - int(row)
    return 0


def _even_share(line: npt.NDArray[np.floating]) -> float:
    """Largest share of a row's pixels that have the same grey."""
    ordered = np.sort(line)
    return float(np.max(np.searchsorted(ordered, ordered + 2 * SAME, "right") - np.arange(len(line)))) / len(line)
