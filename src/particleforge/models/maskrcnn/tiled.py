"""Mask R-CNN detectors on pictures that are searched window by window."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from particleforge.models.detections import Detections, Masks, Outlines, Window
from particleforge.models.maskrcnn.masks import without_duplicates
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.predict import Limits, Objects, objects_in
from particleforge.models.normalize import GreyRange
from particleforge.models.resizing import ResizedAxis
from particleforge.models.tiled import Picture, Tiled, within
from particleforge.models.working_window import Working, extended
from particleforge.step import run

LEAST_SCALE = 0.25
"""Scale below which windows do not become larger: measuring a window needs memory for all its pixels."""


@dataclass(frozen=True, eq=False)
class TiledMaskRCNN(Tiled):
    """A model that searches a picture window by window at one scale.

    Parameters
    ----------
    net
        The network, switched to prediction.
    describe
        Makes detections of what was found, or refuses it.
    picture
        The picture.
    limits
        What counts as a particle.
    grey
        Grey values that become 0 and 1.
    scale
        Factor by which the picture is resized.
    found
        Plain data about the detection.
    """

    Outlines: ClassVar[type[Outlines]] = Masks

    net: MaskRCNNNet
    describe: Callable[[Objects], Detections]
    picture: Picture
    limits: Limits
    grey: GreyRange
    scale: float
    found: Mapping[str, Any]

    @property
    def core_px(self) -> int:  # type: ignore[override]
        """As many pixels as the largest tile of the network shows, not below a scale of `LEAST_SCALE`."""
        return int(self.limits.tile_px / max(self.scale, LEAST_SCALE))

    def candidates(self, window: Window) -> Detections:
        """Particles with their middle in a window; see `Tiled`."""
        rows, columns = (self._kept(axis, side) for axis, side in enumerate(window))
        steps = objects_in(self.net, self._working, [(rows, columns)], self._factors, self.picture.shape, self.limits)
        found = self.describe(run(steps))
        return found.only(1 + np.flatnonzero(within(found, window, self.picture.shape)))

    def chosen(self, candidates: Detections) -> Detections:
        """Particles without those that overlap better ones; see `Tiled`."""
        if not isinstance(candidates.outlines, Masks):
            raise TypeError("these are not outlines of this detector")
        masks, shape = candidates.outlines.masks, self.picture.shape
        kept = without_duplicates(masks, candidates.scores, self.limits.overlap, shape)
        return replace(candidates.only(1 + kept), painted=None, found=dict(self.found))

    @property
    def _factors(self) -> tuple[float, float]:
        y, x = (axis.resized / axis.length for axis in self._working.axes)
        return y, x

    @cached_property
    def _working(self) -> Working:
        sides = [(length, max(1, round(length * self.scale))) for length in self.picture.shape]
        y, x = (extended(resized, 0, self.net.divisor, "symmetric") for _, resized in sides)
        axes = ResizedAxis(*sides[0]), ResizedAxis(*sides[1])
        return Working(self.picture, self.grey, axes, (y, x))

    def _kept(self, axis: int, side: slice) -> slice:
        """Part of an axis of the network's input that holds the boxes of all particles of a part of the picture.

        The middle of a box lies within half a box of that of the mask in it.
        """
        factor, step, reach = self._factors[axis], self.net.divisor, self.limits.reach_px / 2
        first = max(0, math.floor((side.start * factor - reach) / step) * step)
        stop = min(self._working.shape[axis], math.ceil((side.stop * factor + reach) / step) * step)
        return slice(first, stop)
