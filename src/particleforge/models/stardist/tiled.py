"""StarDist detectors on pictures that are searched window by window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from particleforge.models.detections import Detections, Outlines, Window
from particleforge.models.normalize import GreyRange
from particleforge.models.resizing import ResizedAxis
from particleforge.models.runner import Runner
from particleforge.models.stardist.instances import Grid, Instances, candidates, chosen, peaks, possible
from particleforge.models.stardist.stars import Stars
from particleforge.models.tiled import Picture, Tiled
from particleforge.models.working_window import Working, extended

if TYPE_CHECKING:
    from particleforge.models.stardist.model import StarDistModel


LEAST_SCALE = 0.7
"""Scale below which windows do not become larger: measuring a window needs memory for all its pixels."""


@dataclass(frozen=True, eq=False)
class TiledStarDist(Tiled):
    """A model that searches a picture window by window at one scale.

    Parameters
    ----------
    model
        The model, with its thresholds and a runner.
    picture
        The picture.
    grey
        Grey values that become 0 and 1.
    scale
        Factor by which the picture is resized.
    found
        Plain data about the detection.
    """

    Outlines: ClassVar[type[Outlines]] = Stars

    model: StarDistModel
    picture: Picture
    grey: GreyRange
    scale: float
    found: Mapping[str, Any]

    @property
    def core_px(self) -> int:  # type: ignore[override]
        """As many pixels as the largest tile of the network shows, not below a scale of `LEAST_SCALE`."""
        return int(self.model.tile_px / max(self.scale, LEAST_SCALE))

    def candidates(self, window: Window) -> Instances:
        """Outlines at the local maxima of the probability; see `Tiled`."""
        runner, config = self.model.runner or Runner(self.model.net), self.model.net.config
        owned = [self._cells(axis, side) for axis, side in enumerate(window)]
        seen, shown = zip(*(self._seen(axis, cells) for axis, cells in enumerate(owned)), strict=True)
        found = runner(self._working[seen])
        rows, columns = shown
        prob = found.prob[rows, columns]
        first = np.array([side.start // step for side, step in zip(seen, config.grid, strict=True)])
        top_left = first + np.array([rows.start, columns.start])
        prob = prob if self.model.official else peaks(prob)
        whole = tuple(length // step for length, step in zip(self._working.shape, config.grid, strict=True))
        cells = possible(prob, self.model.prob_thresh, self._grid, tuple(top_left), whole)
        inside = [(at >= cut.start) & (at < cut.stop) for at, cut in zip(cells.T, owned, strict=True)]
        cells = cells[inside[0] & inside[1]]
        scores = prob[tuple((cells - top_left).T)]
        return candidates(cells, scores, found.described(cells - first), self._grid)

    def chosen(self, candidates: Detections) -> Instances:
        """Outlines without those that overlap more probable ones; see `Tiled`."""
        if not isinstance(candidates.outlines, Stars):
            raise TypeError("these are not outlines of this detector")
        stars = Instances(
            candidates.shape, candidates.points, candidates.scores, candidates.outlines, found=dict(self.found)
        )
        return chosen(stars, self._grid, self.model.nms_thresh).wider(self.model.foot_px)

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self.model.net.config.grid, self.picture.shape, self.scale, self.model.margin)

    @cached_property
    def _working(self) -> Working:
        config, (height, width) = self.model.net.config, self._grid.seen
        y, x = (
            extended(length, self.model.margin * step, divisor)
            for length, step, divisor in zip((height, width), config.grid, config.divisor, strict=True)
        )
        axes = ResizedAxis(self.picture.shape[0], height), ResizedAxis(self.picture.shape[1], width)
        return Working(self.picture, self.grey, axes, (y, x))

    def _cells(self, axis: int, side: slice) -> slice:
        """Points of the map that lie in a part of an axis of the picture."""
        count = self._working.shape[axis] // self.model.net.config.grid[axis]
        at = self._grid.in_image(np.arange(count)[:, None].repeat(2, 1))[:, axis]
        first = 0 if side.start == 0 else int(np.searchsorted(at, side.start))
        stop = count if side.stop == self.picture.shape[axis] else int(np.searchsorted(at, side.stop))
        return slice(first, stop)

    def _seen(self, axis: int, cells: slice) -> tuple[slice, slice]:
        """Part of an axis that the network must see for some points of the map, and these and their neighbours in it.

        The part is in pixels of its input, the points are counted from the first of the part.
        """
        config, length = self.model.net.config, self._working.shape[axis]
        step, divisor = config.grid[axis], config.divisor[axis]
        low, high = max(0, cells.start - 1), min(length // step, cells.stop + 1)
        halo = -(-config.halo_px[axis] // divisor) * divisor
        first = max(0, low * step // divisor * divisor - halo)
        stop = min(length, -(-high * step // divisor) * divisor + halo)
        return slice(first, stop), slice(low - first // step, high - first // step)
