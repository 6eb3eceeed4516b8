"""Rods by the arc along their middle and half their width, and how they follow from outlines.

The middle line of a rod is a parabola over a chord of direction ``angle`` and length 2 ``half_length``; ``bow`` is the
distance of its middle from that of the chord.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
SECTIONS = 12
"""Number of places along an outline at which its middle and width are taken."""
INNER = 0.85
"""Share of the half length within which they are taken: the ends are round."""
LEAST_HALF_WIDTH_PX = 0.5


@dataclass(frozen=True, eq=False)
class RodArcs:
    """Middle lines and half widths of n rods, in pixels.

    Parameters
    ----------
    middles
        (n, 2) y and x of the middle of the arc.
    half_lengths
        (n,) half the length of the chord, with the ends.
    angles
        (n,) direction of the chord from the x axis towards y, in radians; those that differ by half a turn are equal.
    bows
        (n,) distance of the middle of the arc from that of the chord, along (cos, -sin) of the angle as (y, x).
    half_widths
        (n,) half the width.
    """

    middles: Doubles
    half_lengths: Doubles
    angles: Doubles
    bows: Doubles
    half_widths: Doubles

    def __len__(self) -> int:
        return len(self.half_lengths)

    def only(self, indices: npt.NDArray[np.integer]) -> RodArcs:
        """Return the rods at these indices, in this order."""
        return RodArcs(*(getattr(self, field.name)[indices] for field in fields(self)))

    def moved(self, rows: float, columns: float) -> RodArcs:
        """Return them moved down and to the right."""
        return RodArcs(self.middles + np.array([rows, columns]), *self._rest)

    def resized(self, factor: float) -> RodArcs:
        """Return them as they are in an image resized by a factor."""
        lengths = (self.half_lengths * factor, self.angles, self.bows * factor, self.half_widths * factor)
        return RodArcs((self.middles + 0.5) * factor - 0.5, *lengths)

    def wider(self, by_px: float) -> RodArcs:
        """Return them with outlines moved outwards."""
        wide = np.maximum(self.half_widths + by_px, LEAST_HALF_WIDTH_PX)
        return RodArcs(self.middles, self.half_lengths + by_px, self.angles, self.bows, wide)

    @property
    def along(self) -> Doubles:
        """(n, 2) unit vectors (y, x) along the chords."""
        return np.stack([np.sin(self.angles), np.cos(self.angles)], axis=1)

    @property
    def across(self) -> Doubles:
        """(n, 2) unit vectors (y, x) across the chords, in the direction of a positive bow."""
        return np.stack([np.cos(self.angles), -np.sin(self.angles)], axis=1)

    @property
    def lengths(self) -> Doubles:
        """(n,) lengths along the arc, from end to end."""
        steep = np.maximum(2 * np.abs(self.bows) / np.maximum(self.half_lengths, 1e-9), 1e-6)  # slope at the ends
        return np.asarray(self.half_lengths * (np.sqrt(1 + steep**2) + np.arcsinh(steep) / steep))

    @property
    def curls(self) -> Doubles:
        """(n,) length along the arc divided by that of the chord, less 1; 0 = straight."""
        return np.asarray(self.lengths / np.maximum(2 * self.half_lengths, 1e-9) - 1)

    @property
    def _rest(self) -> tuple[Doubles, Doubles, Doubles, Doubles]:
        return self.half_lengths, self.angles, self.bows, self.half_widths

    def places(self, along: Doubles) -> Doubles:
        """(n, m, 2) points of the arcs at (n, m) or (m,) distances along the chord from its middle."""
        share = along / np.maximum(self.half_lengths[:, None], 1e-9)
        sideways = -self.bows[:, None] * share**2
        along = np.broadcast_to(along, sideways.shape)
        return np.asarray(
            self.middles[:, None] + along[..., None] * self.along[:, None] + sideways[..., None] * self.across[:, None]
        )

    def corners(self, count: int = 48) -> Doubles:
        """(n, `count`, 2) outlines with round ends."""
        side, round_end = count // 4, count // 4
        reach = np.maximum(self.half_lengths - self.half_widths, 0)  # centres of the round ends
        half = np.minimum(self.half_widths, self.half_lengths)[:, None]
        u = np.linspace(-1, 1, side, endpoint=False)
        t = reach[:, None] * u
        line, normal = self.places(t), self.normals(t)
        upper, lower = line + half[..., None] * normal, line - half[..., None] * normal
        turn = np.linspace(math.pi / 2, -math.pi / 2, round_end, endpoint=False)
        ends = []
        for sign in (1.0, -1.0):
            t_end = sign * reach[:, None]
            centre, out = self.places(t_end), self.normals(t_end)
            forward = np.stack([-out[..., 1], out[..., 0]], axis=-1)
            forward *= np.sign((forward * self.along[:, None]).sum(-1, keepdims=True)) * sign
            spread = np.sin(turn)[:, None] * out * sign + np.cos(turn)[:, None] * forward
            ends.append(centre + half[..., None] * spread)
        # along one side, around the far end, back along the other, around the near end
        return np.asarray(np.concatenate([upper, ends[0], lower[:, ::-1], ends[1]], axis=1))

    def normals(self, along: Doubles) -> Doubles:
        """(n, m, 2) unit vectors across the arcs at distances along the chord."""
        slope = -2 * self.bows[:, None] * along / np.maximum(self.half_lengths[:, None], 1e-9) ** 2
        normal = self.across[:, None] - slope[..., None] * self.along[:, None]
        return np.asarray(normal / np.sqrt(1 + slope**2)[..., None])

    def relative(self, points: Doubles) -> tuple[Doubles, Doubles]:
        """(n, m) distances along the chord from its middle, and across from the arc, of (m, 2) or (n, m, 2) points."""
        away = points - self.middles[:, None]
        along = (away * self.along[:, None]).sum(-1)
        share = along / np.maximum(self.half_lengths[:, None], 1e-9)
        across = (away * self.across[:, None]).sum(-1) + self.bows[:, None] * share**2
        slope = 2 * self.bows[:, None] * along / np.maximum(self.half_lengths[:, None], 1e-9) ** 2
        return np.asarray(along), np.asarray(across / np.sqrt(1 + slope**2))


def none() -> RodArcs:
    """Return no rods."""
    return RodArcs(np.zeros((0, 2)), *(np.zeros(0) for _ in range(4)))


def joined(parts: Sequence[RodArcs]) -> RodArcs:
    """Return several rods as one."""
    if not parts:
        return none()
    return RodArcs(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(RodArcs)))


def arcs_of(outlines: Sequence[Doubles]) -> RodArcs:
    """Fit a rod to each outline.

    Its direction is that of the larger spread of the area; middle and width are taken in sections across it, its
    ends where the outline ends.

    Parameters
    ----------
    outlines
        (N, 2) corners (y, x) of each in px.
    """
    found = [_arc_of(corners) for corners in outlines]
    if not found:
        return none()
    table = np.array(found)
    return RodArcs(table[:, :2], table[:, 2], table[:, 3], table[:, 4], table[:, 5])


def _arc_of(corners: Doubles) -> tuple[float, float, float, float, float, float]:
    middle, angle = _spread(corners)
    for _ in range(2):  # once more along the chord
        along, across = np.array([math.sin(angle), math.cos(angle)]), np.array([math.cos(angle), -math.sin(angle)])
        u, v = (corners - middle) @ along, (corners - middle) @ across
        low, high = float(u.min()), float(u.max())
        places = (low + high) / 2 + INNER * (high - low) / 2 * np.linspace(-1, 1, SECTIONS)
        top, bottom = _sections(u, v, places)
        curve = np.polyfit(places, (top + bottom) / 2, 2)
        turn = math.atan(float(np.polyval(curve, high) - np.polyval(curve, low)) / max(high - low, 1e-9))
        angle -= turn
    centre_u = (low + high) / 2
    half = max((high - low) / 2, LEAST_HALF_WIDTH_PX)
    slopes = np.polyval(np.polyder(curve), places)
    half_width = float(np.median((top - bottom) / 2 / np.sqrt(1 + slopes**2)))
    arc_middle = middle + centre_u * along + float(np.polyval(curve, centre_u)) * across
    bow = -float(curve[0]) * half**2
    return float(arc_middle[0]), float(arc_middle[1]), half, angle, bow, max(half_width, LEAST_HALF_WIDTH_PX)


def _spread(corners: Doubles) -> tuple[Doubles, float]:
    """Centroid (y, x) of a polygon, and the direction in which its area is spread most."""
    y, x = (corners - corners.mean(0)).T
    next_y, next_x = np.roll(y, -1), np.roll(x, -1)
    cross = x * next_y - next_x * y
    area = cross.sum() / 2
    if abs(area) < 1e-9:
        return corners.mean(0), 0.0
    cy, cx = ((y + next_y) * cross).sum() / (6 * area), ((x + next_x) * cross).sum() / (6 * area)
    yy = ((y**2 + y * next_y + next_y**2) * cross).sum() / (12 * area) - cy**2
    xx = ((x**2 + x * next_x + next_x**2) * cross).sum() / (12 * area) - cx**2
    xy = ((x * next_y + 2 * x * y + 2 * next_x * next_y + next_x * y) * cross).sum() / (24 * area) - cx * cy
    return corners.mean(0) + np.array([cy, cx]), 0.5 * math.atan2(2 * xy, xx - yy)


def _sections(u: Doubles, v: Doubles, places: Doubles) -> tuple[Doubles, Doubles]:
    """Largest and smallest v at which a closed polygon crosses each of some places along u."""
    u2, v2 = np.roll(u, -1), np.roll(v, -1)
    crossed = (u[None] <= places[:, None]) != (u2[None] <= places[:, None])
    run = np.where(u2 == u, 1.0, u2 - u)
    at = v + (places[:, None] - u) / run * (v2 - v)
    return np.where(crossed, at, -np.inf).max(1), np.where(crossed, at, np.inf).min(1)
