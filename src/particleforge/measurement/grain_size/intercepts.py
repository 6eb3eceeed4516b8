"""Boundaries crossed by test lines (Heyn) and circles (Abrams)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats, Ints
from particleforge.measurement.grain_size.parts import part_numbers, sums

Labels = npt.NDArray[np.integer]
LINES_PER_GRAIN = 2
"""Number of test lines of each direction across a grain of mean area."""
DIRECTIONS = {0: (0, 1), 45: (-1, 1), 90: (1, 0), 135: (1, 1)}
"""Steps down and to the right by the angle of the lines, anticlockwise from the x axis."""
JAGGED_PX = 2
"""So far a line may leave a grain and return to it."""
LARGEST_CIRCLE = 0.9
"""Diameter of the largest of three circles, as a share of the shorter side; the others have 2/3 and 1/3 of it."""


@dataclass(frozen=True)
class Crossings:
    """Boundaries crossed by test lines in a field.

    Parameters
    ----------
    parts
        (k, 2) number of boundaries crossed, and length of the lines in px, in parts of the field.
    by_direction
        (boundaries crossed, length) of straight lines by their angle in degrees.
    """

    parts: Floats
    by_direction: dict[int, tuple[int, float]]


def cross_lines(labels: Labels, grains: float) -> Crossings:
    """Draw parallel lines in four directions through a field and count the boundaries they cross.

    Parameters
    ----------
    labels
        (Y, X) numbers of grains; 0 = boundaries between them.
    grains
        Approximate number of grains in it.
    """
    spacing = max(1.0, math.sqrt(labels.size / max(grains, 1)) / LINES_PER_GRAIN)
    tally = _Tally(labels, grains)
    by_direction = {}
    for angle, step in DIRECTIONS.items():
        crossed, length = 0, 0.0
        for y, x in _parallel((labels.shape[0], labels.shape[1]), step, spacing):
            crossed += tally.add(y, x, math.hypot(*step))
            length += len(y) * math.hypot(*step)
        by_direction[angle] = crossed, length
    return Crossings(tally.parts, by_direction)


def cross_circles(labels: Labels, grains: float) -> Crossings:
    """Draw three concentric circles into each square that fits into a field and count the boundaries they cross."""
    tally, side = _Tally(labels, grains), min(labels.shape)
    down, right = (range(0, length - side + 1, side) for length in labels.shape)
    for top, left in product(down, right):
        for third in (1, 2, 3):
            radius = LARGEST_CIRCLE * side / 2 * third / 3
            count = max(8, round(2 * math.pi * radius))
            angles = 2 * np.pi * np.arange(count + 1) / count
            y = np.rint(top + (side - 1) / 2 + radius * np.sin(angles)).astype(np.int64)
            x = np.rint(left + (side - 1) / 2 + radius * np.cos(angles)).astype(np.int64)
            tally.add(y, x, 2 * math.pi * radius / (count + 1))
    return Crossings(tally.parts, {})


class _Tally:
    """Counts boundaries along lines, by part of the field."""

    def __init__(self, labels: Labels, grains: float) -> None:
        self._labels = labels
        self._rows, self._columns = part_numbers((labels.shape[0], labels.shape[1]), grains)
        self.parts = np.zeros((int(self._rows[-1] + self._columns[-1]) + 1, 2))

    def add(self, y: Ints, x: Ints, step: float) -> int:
        """Add a line through pixels that are `step` apart; return how many boundaries it crosses."""
        numbers = self._rows[y] + self._columns[x]
        self.parts[:, 1] += step * sums(numbers, None, len(self.parts))
        changes = _changes(self._labels[y, x])
        self.parts[:, 0] += sums(numbers[changes], None, len(self.parts))
        return len(changes)


def _changes(line: Labels) -> Ints:
    """Positions along a line of pixels where another grain begins.

    A line that leaves a grain for one or two pixels and returns to it runs along its jagged boundary: no change.
    """
    places = np.flatnonzero(line)
    starts = np.flatnonzero(np.diff(line[places], prepend=0))
    grains, lengths = line[places[starts]], np.diff(starts, append=len(places))
    kept = np.ones(len(starts), np.bool_)
    kept[1:-1] = (grains[:-2] != grains[2:]) | (lengths[1:-1] > JAGGED_PX)
    starts, grains = starts[kept], grains[kept]
    return np.asarray(places[starts[1:][grains[1:] != grains[:-1]]], np.int64)


def _parallel(shape: tuple[int, int], step: tuple[int, int], spacing: float) -> Iterator[tuple[Ints, Ints]]:
    """Pixels of parallel lines through an image."""
    height, width = shape
    down, right = step
    if not down or not right:
        across, along = (height, width) if right else (width, height)
        for place in map(int, np.arange(spacing / 2, across, spacing)):
            run, fixed = np.arange(along), np.full(along, place)
            yield (fixed, run) if right else (run, fixed)
        return
    for offset in map(int, np.arange(spacing / math.sqrt(2), height + width - 1, spacing * math.sqrt(2))):
        x: Ints = np.arange(max(0, offset - height + 1), min(width - 1, offset) + 1)
        y = offset - x
        yield (y, x) if down < 0 else (height - 1 - y, x)
