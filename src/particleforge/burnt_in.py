"""Find what an instrument burnt into an image: data bars along an edge, scale bars and the lettering beside them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

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
BAR_LEVEL, INK_LEVELS = 0.95, (0.75, 0.95)
"""A scale bar is as bright, or as dark, as the image gets; thin letters are paler if the ground lets them."""
MOST_PIECES = 100_000
"""An image with more pieces of that level is noise."""
MOST_FILLED = 0.75
"""Share of its box that the middle one of some letters fills; discs fill more."""
LETTERS = 3
"""A line has at least so many, as in 5nm."""


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
    levels = _levels(grey)
    return _bar_px(levels[::-1]), len(grey) - _bar_px(levels)


def marks(grey: npt.NDArray[np.floating]) -> list[tuple[slice, slice]]:
    """Windows of scale bars and of the lines of letters above or below them.

    A scale bar is a filled, upright rectangle as dark or as bright as the image gets; what makes it one is a line of
    letters near it: at least `LETTERS` pieces of the same foot and about the same height that follow each other.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    """
    levels = _levels(grey)
    found = []
    for ink in (levels, 1 - levels):
        for bar in _bars(_pieces(ink > BAR_LEVEL), levels.shape[1]):
            lines = [line for level in INK_LEVELS if (line := _line(bar, _pieces(ink > level)))]
            found += [_window(bar), max(lines, key=lambda line: line[1].stop - line[1].start)] if lines else []
    return found


def _levels(grey: npt.NDArray[np.floating]) -> Levels:
    """Grey values from 0 to 1; 0 where they are not finite, and in an even image."""
    finite = grey[np.isfinite(grey)]
    if not finite.size or (reach := float(np.ptp(finite))) == 0:
        return np.zeros(grey.shape)
    return np.asarray(np.nan_to_num((grey - finite.min()) / reach))


def _bar_px(levels: Levels) -> int:
    """Height of the bar along the lower edge of an image of greys between 0 and 1; 0 where there is none."""
    height = len(levels)
    first, last = int(height * (1 - LARGEST_SHARE)), int(height * (1 - LEAST_SHARE))
    jumps = (np.abs(np.diff(levels[first:last], axis=0)) > JUMP).mean(1)
    for row in first + 1 + np.flatnonzero(jumps > JUMPING_SHARE):
        if np.median([_even_share(line) for line in levels[row:]]) > EVEN_SHARE:
            return height - int(row)
    return 0


def _even_share(line: Levels) -> float:
    """Largest share of a row's pixels that have the same grey."""
    ordered = np.sort(line)
    return float(np.max(np.searchsorted(ordered, ordered + 2 * SAME, "right") - np.arange(len(line)))) / len(line)


def _pieces(mask: npt.NDArray[np.bool_]) -> Ints:
    """(n, 5) first row, stop, first column, stop and area of each connected piece."""
    from scipy import ndimage

    numbered, count = ndimage.label(mask, np.ones((3, 3)))
    if not 0 < count <= MOST_PIECES:
        return np.zeros((0, 5), np.int64)
    boxes = [(y.start, y.stop, x.start, x.stop) for y, x in ndimage.find_objects(numbered)]
    return np.column_stack([np.array(boxes, np.int64), np.bincount(numbered.ravel())[1:]])


def _bars(pieces: Ints, width: int) -> Iterator[Ints]:
    """Those that can be a scale bar in an image of a width."""
    top, bottom, left, right, area = pieces.T
    high, wide = bottom - top, right - left
    yield from pieces[(wide >= 4 * high) & (wide >= 0.04 * width) & (high >= 2) & (area >= 0.85 * high * wide)]


def _line(bar: Ints, pieces: Ints) -> tuple[slice, slice] | None:
    """Window of the longest line of letters near a bar; None where there is none."""
    top, bottom, left, right, _ = pieces.T
    high, wide = bottom - top, right - left
    above_below = np.maximum(np.maximum(bar[0] - bottom, top - bar[1]), 0)
    beside = np.maximum(np.maximum(bar[2] - right, left - bar[3]), 0)
    near = (above_below <= 1.5 * high) & (beside <= np.maximum(4 * high, (bar[3] - bar[2]) / 2))
    pieces = pieces[near & (high >= 6) & (wide <= 3 * high) & (high <= 12 * wide) & (high <= bar[3] - bar[2])]
    runs = [run for letter in pieces for run in _runs(letter, pieces) if len(run) >= LETTERS and _are_letters(run, bar)]
    if not runs:
        return None
    longest = max(runs, key=len)
    foot, tall = int(np.median(longest[:, 1])), int((longest[:, 1] - longest[:, 0]).max())
    return slice(max(0, foot - tall), foot + tall // 3), slice(int(longest[:, 2].min()), int(longest[:, 3].max()))


def _runs(letter: Ints, pieces: Ints) -> list[Ints]:
    """Pieces that stand on one line with a letter, none higher than that, parted where there are gaps."""
    tall = letter[1] - letter[0]
    high = pieces[:, 1] - pieces[:, 0]
    same_foot = np.abs(pieces[:, 1] - letter[1]) <= max(1, 0.15 * tall)
    row = pieces[same_foot & (high >= 0.5 * tall) & (high <= 1.1 * tall)]
    row = row[np.argsort(row[:, 2])]
    return np.split(row, np.flatnonzero(row[1:, 2] - row[:-1, 3] > 1.3 * tall) + 1)


def _are_letters(run: Ints, bar: Ints) -> bool:
    """Whether pieces are thin as letters, and straight above, below, or on the line of a bar."""
    if np.median(run[:, 4] / ((run[:, 1] - run[:, 0]) * (run[:, 3] - run[:, 2]))) > MOST_FILLED:
        return False
    (top, left), (bottom, right) = run[:, [0, 2]].min(0), run[:, [1, 3]].max(0)
    return bool((left < bar[3] and right > bar[2]) or (top < bar[1] and bottom > bar[0]))


def _window(piece: Ints) -> tuple[slice, slice]:
    return slice(int(piece[0]), int(piece[1])), slice(int(piece[2]), int(piece[3]))
