"""Courses of cracks."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from particleforge.draws import draw_many, number
from particleforge.recipes.cracks.params import Course

Floats = npt.NDArray[np.float64]
ROUGHER = 0.55
"""Ratio of the displacements of one level of midpoints to those of the level above: a self-affine path."""
LEVELS = 4
"""Levels of midpoints in a segment."""
BRANCH_ANGLE = 0.4, 1.3
"""Angle between a branch and its crack in radians."""
BRANCH_WIDTH = 0.3, 0.7
"""Ratio of the width of a branch to that of its crack."""


class Path(NamedTuple):
    """A crack, or a branch of one.

    Parameters
    ----------
    points
        (n, 2) y and x of its centre line.
    widths
        (n,) its width.
    """

    points: Floats
    widths: Floats

    @property
    def length_px(self) -> float:
        """Length of the centre line."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def draw_crack(course: Course, shape: tuple[int, int], rng: np.random.Generator) -> list[Path]:
    """Draw the course of a crack, whose middle lies in the image, and of its branches."""
    segments = max(1, round(float(draw_many(course.segments, rng, 1)[0])))
    width = float(draw_many(course.width_px, rng, 1)[0])
    corners = _walk(course, np.zeros(2), rng.uniform(0, 2 * np.pi), segments, rng)
    corners += rng.uniform(0, shape) - corners[len(corners) // 2]
    found = [_rough(course, corners, width, rng)]
    for _ in range(round(float(draw_many(course.branches, rng, 1)[0]))):
        start = int(rng.integers(len(corners)))
        before, after = corners[max(start - 1, 0)], corners[min(start + 1, len(corners) - 1)]
        along = np.arctan2(after[0] - before[0], after[1] - before[1])
        angle = along + rng.choice([-1, 1]) * rng.uniform(*BRANCH_ANGLE)
        branch = _walk(course, corners[start], angle, max(1, segments // 2), rng)
        found.append(_rough(course, branch, width * rng.uniform(*BRANCH_WIDTH), rng))
    return found


def _walk(course: Course, start: Floats, angle: float, segments: int, rng: np.random.Generator) -> Floats:
    """Corners of segments in a row."""
    lengths = draw_many(course.segment_px, rng, segments)
    angles = angle + np.cumsum(np.radians(draw_many(course.bend_deg, rng, segments)) * rng.choice([-1, 1], segments))
    steps = lengths[:, None] * np.stack([np.sin(angles), np.cos(angles)], 1)
    return np.concatenate([start[None], start + steps.cumsum(0)])


def _rough(course: Course, corners: Floats, width: float, rng: np.random.Generator) -> Path:
    """Displace midpoints, level by level; the crack is widest in the middle and ends in tips."""
    points, amplitude = corners, number(course.roughness)
    for _ in range(LEVELS):
        steps = np.diff(points, axis=0)
        across = np.stack([-steps[:, 1], steps[:, 0]], 1) * (amplitude * rng.standard_normal((len(steps), 1)))
        every = np.empty((2 * len(points) - 1, 2))
        every[::2], every[1::2] = points, (points[1:] + points[:-1]) / 2 + across
        points, amplitude = every, amplitude * 2 * ROUGHER
    place = np.linspace(0, 1, len(points))
    slow = np.interp(place, np.linspace(0, 1, len(corners) + 1), np.exp(0.3 * rng.standard_normal(len(corners) + 1)))
    return Path(points, width * np.sin(np.pi * place) ** 0.5 * slow)
