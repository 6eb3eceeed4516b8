"""Twisted worms and fibres."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from particleforge.draws import Draw, PerParticle, Uniform, Within, draw
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Floats, Mesh

HARMONICS = 4


class Worm(Geometry):
    """A tube along a smooth random curve, with round ends."""

    kind: Literal["worm"] = "worm"
    aspect: Annotated[Draw, PerParticle(), Within(2, 100)] = Field(
        Uniform(low=6, high=12), description="Ratio of the length along the curve to the thickness."
    )
    bend_deg: Annotated[Draw, PerParticle(), Within(0, 360)] = Field(
        Uniform(low=40, high=140), description="Approximate angle the curve turns along its length."
    )
    twist: Annotated[Draw, PerParticle(), Within(0, 1)] = Field(
        0.4, description="0: the curve lies in the image plane; 1: it bends out of the plane as much as within."
    )

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return rings around the curve."""
        aspect = draw(self.aspect, rng)
        around = 6 * level
        middle, tangents = self._curve(rng, 2 * aspect, max(16, round(aspect * around / 3)))
        caps = np.linspace(0, np.pi / 2, around // 4 + 1)[:-1]
        before = [(middle[0] - np.cos(a) * tangents[0], tangents[0], np.sin(a)) for a in caps[1:]]
        after = [(middle[-1] + np.cos(a) * tangents[-1], tangents[-1], np.sin(a)) for a in caps[:0:-1]]
        body = [(point, tangent, 1.0) for point, tangent in zip(middle, tangents, strict=True)]
        rings = _rings([*before, *body, *after], around)
        tips = np.stack([middle[0] - tangents[0], middle[-1] + tangents[-1]])
        return _tube(rings, tips)

    def _curve(self, rng: np.random.Generator, length: float, points: int) -> tuple[Floats, Floats]:
        """Points along the curve and the unit tangents there; the radius of curvature stays above 1.3 radii."""
        share = np.linspace(0, 1, points)
        turns = np.zeros((2, points))
        for k in range(1, HARMONICS + 1):
            turns += rng.normal(0, 1 / k, (2, 1)) * np.sin(np.pi * k * share / 2 + rng.uniform(0, 2 * np.pi, (2, 1)))
        turns -= turns.mean(1, keepdims=True)
        turns *= np.deg2rad(draw(self.bend_deg, rng)) / np.maximum(np.ptp(turns, 1, keepdims=True), 1e-9)
        turns[1] *= draw(self.twist, rng)
        steepest = np.abs(np.gradient(turns, length / points, axis=1)).sum(0).max()
        turns /= max(1.0, 1.3 * steepest)
        yaw, pitch = turns
        tangents = np.stack([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)], -1)
        return np.cumsum(tangents, 0) * length / points, tangents


def _rings(stations: list[tuple[Floats, Floats, float]], around: int) -> Floats:
    """(stations, around, 3) circles across a curve, transported without twist."""
    across = np.cross(stations[0][1], [0.0, 0, 1])
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)[:, None]
    rings = np.empty((len(stations), around, 3))
    for ring, (point, tangent, radius) in zip(rings, stations, strict=True):
        across = across - (across @ tangent) * tangent
        across /= np.linalg.norm(across)
        ring[:] = point + radius * (np.cos(angle) * across + np.sin(angle) * np.cross(tangent, across))
    return rings


def _tube(rings: Floats, tips: Floats) -> Mesh:
    """Return the closed surface through rings and a tip at either end."""
    count, around = rings.shape[:2]
    number = np.arange(count * around).reshape(count, around)
    a, b = number[:-1].ravel(), np.roll(number, -1, 1)[:-1].ravel()
    c, d = np.roll(number, -1, 1)[1:].ravel(), number[1:].ravel()
    first, last = number[0], number[-1]
    start, end = (np.full(around, count * around + k) for k in (0, 1))
    faces = [(a, b, c), (a, c, d), (start, np.roll(first, -1), first), (end, last, np.roll(last, -1))]
    stacked = np.concatenate([np.stack(part, -1) for part in faces]).astype(np.int32)
    return Mesh(np.concatenate([rings.reshape(-1, 3), tips]), stacked)
