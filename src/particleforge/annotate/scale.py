"""Pixel size from a line drawn along a scale bar."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm

Point = tuple[float, float]
Grey = npt.NDArray[np.floating]

PER_PIXEL = re.compile(r"\s*(/|\bper\b)\s*(px|pixels?)\s*$", re.IGNORECASE)
"""May follow a pixel size."""
EXTREME_SHARE = 0.25
"""Bars are this close to the darkest or brightest grey around the line, as a fraction of the range there."""
STRETCH = 0.5
"""A drawn line may be off by this fraction of its length at each end."""
LEAST_SHARE = 0.5
"""A run shorter than this fraction of the line is noise, not a bar."""
NEAR_PX = 8
"""Number of rows a bar may lie above or below the line, or an eighth of its length if that is more."""
MAX_THICKNESS = 0.5
"""Largest ratio of the thickness of a bar to its length."""


@dataclass(frozen=True)
class ScaleBar:
    """A horizontal bar found in an image.

    Parameters
    ----------
    start, end
        (y, x) in px of its left and right edge at mid height; -0.5 is the left edge of the first pixel.
    thickness_px
        Number of rows.
    bright
        Whether it is brighter than its surroundings.
    """

    start: Point
    end: Point
    thickness_px: int
    bright: bool

    @property
    def length_px(self) -> float:
        """Length from edge to edge."""
        return self.end[1] - self.start[1]


def pixel_size_from_line(start: Point, end: Point, length: str, aspect: float = 1.0) -> float:
    """Size of a pixel in nm from a line of known length.

    Parameters
    ----------
    start, end
        (y, x) in px.
    length
        Length of the line with its unit, for example ``200 nm``.
    aspect
        Ratio of the height to the width of a pixel, as far as it is known.

    Raises
    ------
    UserError
        If pixels are not square to within 1 %, the line is shorter than 2 px, or `length` is not a length above zero.
    """
    if not math.isclose(aspect, 1, rel_tol=0.01):
        raise UserError(
            f"Pixels are {aspect:g} times as high as wide; they must be square (to within 1 %) for one line to set the "
            "scale.",
            "Resample the image to square pixels first.",
        )
    nm = parse_length_nm(length)
    px = math.hypot(end[0] - start[0], end[1] - start[1])
    if not px >= 2:
        raise UserError(
            f"The line is {px:.2g} px long; at least 2 px are needed.", "Draw it from end to end of the bar."
        )
    return nm / px


def parse_pixel_size_nm(text: str) -> float:
    """Convert text such as ``1.2 nm`` or ``0.5 µm/px`` to nanometres.

    Raises
    ------
    UserError
        If it is not a length above zero with its unit.

    Examples
    --------
    >>> from particleforge.annotate.scale import parse_pixel_size_nm
    >>> parse_pixel_size_nm("1.2 nm"), parse_pixel_size_nm("0.5 µm/px")
    (1.2, 500.0)
    """
    return parse_length_nm(PER_PIXEL.sub("", text))


def find_scale_bar(grey: Grey, start: Point, end: Point) -> ScaleBar | None:
    """Find the exact ends of a horizontal scale bar from a line drawn roughly along it.

    Among all runs of the darkest or brightest grey near the line that stand out above, below and at both ends, this is
    the one whose ends are nearest to those of the line.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    start, end
        (y, x) in px of the line's ends.

    Returns
    -------
    ScaleBar or None
        None if no run fits, or the line is not roughly horizontal.
    """
    (y0, x0), (y1, x1) = sorted((start, end), key=lambda point: point[1])
    length = x1 - x0
    if length < 4 or abs(y1 - y0) > 0.35 * length:
        return None
    near = max(NEAR_PX, length / 8)
    pad = math.ceil(MAX_THICKNESS * length)
    top, bottom = (int(np.clip(v, 0, grey.shape[0])) for v in (min(y0, y1) - near - pad, max(y0, y1) + near + pad + 2))
    left, right = (int(np.clip(v, 0, grey.shape[1])) for v in (x0 - STRETCH * length - 4, x1 + STRETCH * length + 5))
    window = np.asarray(grey[top:bottom, left:right], np.float64)
    if window.size == 0 or window.min() == window.max():
        return None
    line = np.array([(y0 + y1) / 2 - top, x0 - left, x1 - left])
    bars = [bar for bright in (True, False) for bar in _bars(window, bright)]
    fitting = [(_misfit(bar, line, near), bar) for bar in bars if _fits(bar, line, near)]
    if not fitting:
        return None
    bar = min(fitting, key=lambda found: found[0])[1]
    first, last = _ends(window, bar)
    y = top + (bar.top + bar.bottom - 1) / 2
    return ScaleBar((y, left + first), (y, left + last), bar.bottom - bar.top, bar.bright)


@dataclass(frozen=True)
class _Bar:
    """Rows top to bottom - 1, columns left to right - 1 of a window."""

    top: int
    bottom: int
    left: int
    right: int
    bright: bool


def _bars(window: Grey, bright: bool) -> Iterator[_Bar]:
    """Rectangles of extreme grey: runs that cover the same columns in consecutive rows."""
    low, high = float(window.min()), float(window.max())
    reach = EXTREME_SHARE * (high - low)
    extreme = window >= high - reach if bright else window <= low + reach
    edges = np.diff(np.pad(extreme, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    open_bars: list[_Bar] = []
    for row in range(len(window) + 1):
        found = edges[row] if row < len(window) else np.zeros(0, np.int8)
        runs = list(zip(np.flatnonzero(found == 1), np.flatnonzero(found == -1), strict=True))
        grown: list[_Bar] = []
        for begin, stop in runs:
            above = [bar for bar in open_bars if abs(bar.left - begin) <= 1 and abs(bar.right - stop) <= 1]
            if above:
                open_bars.remove(above[0])
                grown.append(_Bar(above[0].top, row + 1, above[0].left, above[0].right, bright))
            else:
                grown.append(_Bar(row, row + 1, int(begin), int(stop), bright))
        yield from open_bars
        open_bars = grown


def _fits(bar: _Bar, line: npt.NDArray[np.float64], near: float) -> bool:
    """Whether a bar could be the one a line was drawn along."""
    length, drawn = bar.right - bar.left, line[2] - line[1]
    off = max(bar.top - line[0], line[0] - (bar.bottom - 1), 0)
    ends = max(abs(bar.left - 0.5 - line[1]), abs(bar.right - 0.5 - line[2]))
    thin = bar.bottom - bar.top <= max(1, MAX_THICKNESS * length)
    return bool(off <= near and thin and ends <= STRETCH * drawn and length >= LEAST_SHARE * drawn)


def _misfit(bar: _Bar, line: npt.NDArray[np.float64], near: float) -> float:
    """Distance of a bar's ends and rows from a line; a single row costs more, as it may be noise or a blurred edge."""
    off = max(bar.top - line[0], line[0] - (bar.bottom - 1), 0)
    ends = abs(bar.left - 0.5 - line[1]) + abs(bar.right - 0.5 - line[2])
    return float(ends + 2 * off + (near if bar.bottom - bar.top == 1 else 0))


def _ends(window: Grey, bar: _Bar) -> tuple[float, float]:
    """Where the mean grey along a bar is half-way between the bar and its surroundings beyond each end."""
    rows = window[bar.top : bar.bottom].mean(0) * (1 if bar.bright else -1)
    level = float(np.median(rows[bar.left : bar.right]))
    last = _end(rows, bar.right - 1, level)
    first = len(rows) - 1 - _end(rows[::-1], len(rows) - bar.left - 1, level)
    return first, last


def _end(rows: Grey, inside: int, level: float) -> float:
    """Half-way position to the right of a column inside the bar."""
    beyond = rows[inside + 1 : inside + 5]
    if not len(beyond):
        return inside + 0.5
    half = (level + float(beyond.min())) / 2
    while inside and rows[inside] < half:
        inside -= 1
    while inside + 1 < len(rows) and rows[inside + 1] >= half:
        inside += 1
    if inside + 1 == len(rows):
        return inside + 0.5
    return inside + float((rows[inside] - half) / (rows[inside] - rows[inside + 1]))
