"""Find what an instrument burnt into an image: data bars along an edge, scale bars and the text next to them."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Window: TypeAlias = tuple[slice, slice]

LEAST_SHARE, LARGEST_SHARE = 0.02, 0.35
"""Fractions of the image's height that a bar takes up."""
JUMP = 0.05
"""A bar begins where grey values jump by more than this fraction of their range ..."""
JUMPING_SHARE = 0.55
"""... in more than this fraction of all columns: no particle has such a long, straight side."""
SAME = 0.012
"""Grey values that differ by less than this fraction of their range are equal; compression blurs burnt-in text."""
EVEN_SHARE = 0.5
"""Fraction of equal grey values in the median row of a bar: the background between the letters."""
BAR_LEVEL, INK_LEVELS = 0.95, (0.75, 0.95)
"""Levels of a scale bar, the brightest or darkest in the image, and of letters, which may be paler if thin."""
MOST_MARKED = 0.1
"""Fraction of a blank image that bars and letters within it may take up."""
MOST_PIECES = 100_000
"""An image with more pieces of that level is treated as noise."""
MOST_FILLED = 0.75
"""Fraction of its box that the median letter fills; discs fill more."""
TICKS, TICK_LEVELS = 9, (0.75, 0.6)
"""Least number of ticks in a scale bar that is a row of them, of which Hitachi draws 11; their levels."""
MOST_SMALL = 300
"""With more pieces of the size of ticks near the edges, a row of them may be chance."""
LEAST_RULER = 0.15
"""Least length of such a bar, as a fraction of the image's width."""
TICK_MARGIN_PX = 3
"""Blur around ticks."""
EDGE_SHARE = 0.15
"""Fraction of the image's height, at the upper and lower edge, in which a row of ticks may lie."""
LETTERS = 3
"""Minimum number of letters in a line, as in 5nm."""


def picture_rows(grey: npt.NDArray[np.floating]) -> tuple[int, int]:
    """Find the rows that show the specimen.

    Parameters
    ----------
    grey
        (Y, X) grey values.

    Returns
    -------
    The first row below a bar along the upper edge, or 0; and the first row of a bar along the lower edge, or the
    height of the image.
    """
    levels = _levels(grey)
    return _bar_px(levels[::-1]), len(grey) - _bar_px(levels)


def marks(grey: npt.NDArray[np.floating]) -> list[Window]:
    """Find the windows of scale bars and of the lines of letters above or below them.

    A scale bar is a filled, axis-aligned rectangle, the darkest or brightest in the image, with a line of letters near
    it: at least `LETTERS` consecutive pieces on the same baseline and of about the same height. Or it is a row of
    small, equal, equally spaced ticks near an edge.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    """
    levels = _levels(grey)
    found = [window for bar in _lettered(levels) for window in bar]
    for ink in (levels, 1 - levels):
        ticks = (_ticks(_pieces(ink > level), levels.shape) for level in TICK_LEVELS)
        found += [window for window in ticks if window][:1]
    return found


def scale_bars(grey: npt.NDArray[np.floating]) -> list[tuple[Window, Window]]:
    """Find the windows of filled scale bars, each with that of the line of letters near it; see `marks`.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    """
    return list(_lettered(_levels(grey)))


def _lettered(levels: Levels) -> Iterator[tuple[Window, Window]]:
    """Windows of bars and of their letters."""
    for ink in (levels, 1 - levels):
        for bar in _bars(_pieces(ink > BAR_LEVEL), levels.shape[1]):
            lines = [line for level in INK_LEVELS if (line := _line(bar, _pieces(ink > level)))]
            if lines:
                yield _window(bar), max(lines, key=lambda line: line[1].stop - line[1].start)


def is_blank(grey: npt.NDArray[np.floating]) -> bool:
    """Whether an image shows nothing: all its pixels are equal, apart from burnt-in bars and their letters."""
    first, stop = picture_rows(grey)
    if first >= stop:
        return True
    picture = grey[first:stop]
    shown = picture != np.median(picture)
    if shown.any() and shown.mean() < MOST_MARKED:
        for window in (*marks(picture), *(_window(bar) for bar in _bars(_pieces(shown), shown.shape[1]))):
            shown[window] = False
    return not shown.any()


def _levels(grey: npt.NDArray[np.floating]) -> Levels:
    """Grey values scaled to 0 to 1; 0 where they are not finite, and in a uniform image."""
    finite = grey[np.isfinite(grey)]
    if not finite.size or (reach := float(np.ptp(finite))) == 0:
        return np.zeros(grey.shape)
    return np.asarray(np.nan_to_num((grey - finite.min()) / reach))


def _bar_px(levels: Levels) -> int:
    """Height of the bar along the lower edge of an image of greys between 0 and 1; 0 where there is none."""
    height = len(levels)
    first, last = int(height * (1 - LARGEST_SHARE)), int(height * (1 - LEAST_SHARE))
    jumps = (np.abs(np.diff(levels[first:last], axis=0)) > JUMP).mean(1)
    rows = first + 1 + np.flatnonzero(jumps > JUMPING_SHARE)
    shares = [_even_share(line) for line in levels[rows[0] :]] if len(rows) else []
    for row in rows:
        if np.median(shares[row - rows[0] :]) > EVEN_SHARE:
            return height - int(row)
    return 0


def _even_share(line: Levels) -> float:
    """Largest fraction of a row's pixels that have the same grey value."""
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
    """Pieces that can be a scale bar in an image of this width."""
    top, bottom, left, right, area = pieces.T
    high, wide = bottom - top, right - left
    yield from pieces[(wide >= 4 * high) & (wide >= 0.04 * width) & (high >= 2) & (area >= 0.85 * high * wide)]


def _ticks(pieces: Ints, shape: tuple[int, ...]) -> Window | None:
    """Window of a row of equal pieces at equal distances near the upper or lower edge; None if there is none."""
    top, bottom, left, right, _ = pieces.T
    high, wide, edge = bottom - top, right - left, EDGE_SHARE * shape[0]
    small = (high >= 2) & (high <= 0.04 * shape[0]) & (wide <= high + 2) & ((bottom <= edge) | (top >= shape[0] - edge))
    pieces = pieces[small]
    if len(pieces) > MOST_SMALL:
        return None
    for row, foot in np.unique(pieces[:, :2], axis=0):
        level = pieces[(np.abs(pieces[:, 0] - row) <= 1) & (np.abs(pieces[:, 1] - foot) <= 1)]
        if len(level) < TICKS:
            continue
        level = level[np.argsort(level[:, 2] + level[:, 3])]
        gaps = np.diff((level[:, 2] + level[:, 3]) / 2)
        step = float(np.median(gaps))
        times = np.rint(gaps / max(step, 1))  # a tick may be lost in the background
        even = (np.abs(gaps - times * step) <= 1.5) & (times >= 1) & (times <= 2)
        run = level[max(np.split(np.arange(len(level)), np.flatnonzero(~even) + 1), key=len)]
        spread = step >= max(8, 2.5 * float(np.median(run[:, 3] - run[:, 2])))
        if len(run) >= TICKS and spread and run[-1, 3] - run[0, 2] >= LEAST_RULER * shape[1]:
            return _grown(run, shape)
    return None


def _grown(pieces: Ints, shape: tuple[int, ...]) -> Window:
    """Window of all pieces with a margin."""
    (top, left), (bottom, right) = pieces[:, [0, 2]].min(0), pieces[:, [1, 3]].max(0)
    rows = slice(max(0, int(top) - TICK_MARGIN_PX), min(shape[0], int(bottom) + TICK_MARGIN_PX))
    return rows, slice(max(0, int(left) - TICK_MARGIN_PX), min(shape[1], int(right) + TICK_MARGIN_PX))


def _line(bar: Ints, pieces: Ints) -> Window | None:
    """Window of the longest line of letters near a bar; None if there is none."""
    top, bottom, left, right, _ = pieces.T
    high, wide = bottom - top, right - left
    vertical_gap = np.maximum(np.maximum(bar[0] - bottom, top - bar[1]), 0)
    horizontal_gap = np.maximum(np.maximum(bar[2] - right, left - bar[3]), 0)
    near = (vertical_gap <= 1.5 * high) & (horizontal_gap <= np.maximum(4 * high, (bar[3] - bar[2]) / 2))
    pieces = pieces[near & (high >= 6) & (wide <= 3 * high) & (high <= 12 * wide) & (high <= bar[3] - bar[2])]
    runs = [run for letter in pieces for run in _runs(letter, pieces) if len(run) >= LETTERS and _are_letters(run, bar)]
    if not runs:
        return None
    longest = max(runs, key=len)
    foot, tall = int(np.median(longest[:, 1])), int((longest[:, 1] - longest[:, 0]).max())
    return slice(max(0, foot - tall), foot + tall // 3), slice(int(longest[:, 2].min()), int(longest[:, 3].max()))


def _runs(letter: Ints, pieces: Ints) -> list[Ints]:
    """Pieces on one baseline with a letter, none taller than it, split where there are gaps."""
    tall = letter[1] - letter[0]
    high = pieces[:, 1] - pieces[:, 0]
    same_foot = np.abs(pieces[:, 1] - letter[1]) <= max(1, 0.15 * tall)
    row = pieces[same_foot & (high >= 0.5 * tall) & (high <= 1.1 * tall)]
    row = row[np.argsort(row[:, 2])]
    return np.split(row, np.flatnonzero(row[1:, 2] - row[:-1, 3] > 1.3 * tall) + 1)


def _are_letters(run: Ints, bar: Ints) -> bool:
    """Whether pieces are as thin as letters, and directly above, below, or level with a bar."""
    if np.median(run[:, 4] / ((run[:, 1] - run[:, 0]) * (run[:, 3] - run[:, 2]))) > MOST_FILLED:
        return False
    (top, left), (bottom, right) = run[:, [0, 2]].min(0), run[:, [1, 3]].max(0)
    return bool((left < bar[3] and right > bar[2]) or (top < bar[1] and bottom > bar[0]))


def _window(piece: Ints) -> Window:
    return slice(int(piece[0]), int(piece[1])), slice(int(piece[2]), int(piece[3]))
