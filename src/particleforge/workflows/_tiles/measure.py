"""Paint the particles of a large image and measure them, tile by tile."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from particleforge.mask import Frame, Mask, WholeLabels
from particleforge.measurement.aggregation.contacts import contacts
from particleforge.measurement.column import in_nm
from particleforge.measurement.columns import arranged, columns
from particleforge.measurement.descriptors.aggregate import aggregated
from particleforge.measurement.descriptors.neighbours import nearest
from particleforge.measurement.gap import gap_px
from particleforge.measurement.given_classes import with_classes
from particleforge.measurement.particles import measure_particles
from particleforge.models.tiled import ranked, within
from particleforge.runs import runs
from particleforge.store.row_files import RowFiles
from particleforge.workflows._classes import classes_found
from particleforge.workflows._tiles.grid import Tile, TileGrid
from particleforge.workflows._tiles.search import Searched

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from particleforge.measurement.rules import Rules
    from particleforge.models.detections import Detections, Ids, Labels, Window
    from particleforge.store.label_image import LabelImage

TOGETHER = ("aggregate", "aggregate_particles", "contacts", "neighbour_px", "neighbour_nm")
"""Columns that depend on particles of other tiles."""
ROWS, CONTACTS = "rows", "contacts"


class Part(NamedTuple):
    """Particles of which something lies in a part of an image.

    Parameters
    ----------
    found
        The particles, in pixels of the image.
    ids
        (n,) their ids.
    labels
        (Y, X) ids in the part.
    """

    found: Detections
    ids: Ids
    labels: Labels

    @property
    def scores(self) -> dict[int, float]:
        """Score of each by id."""
        return dict(zip(self.ids.tolist(), self.found.scores.tolist(), strict=True))

    def masks(self, window: Window) -> dict[int, Mask]:
        """Mask of each whole particle by id, in pixels of the part; none if only what is visible is known."""
        outlines = self.found.outlines
        if outlines is None or not outlines.whole:
            return {}
        rows, columns = (side.start for side in window)
        masks = (outlines.mask(index, self.found.shape).moved(-rows, -columns) for index in range(len(outlines)))
        shape = self.labels.shape[0], self.labels.shape[1]
        return {number: mask.clipped(shape) for number, mask in zip(self.ids.tolist(), masks, strict=True)}

    def classes(self) -> dict[int, tuple[str, float]] | None:
        """Class of each by id, from the detector; None if it distinguishes none."""
        given = classes_found(self.found)
        return None if given is None else {int(self.ids[number - 1]): one for number, one in given.items()}


@dataclass(frozen=True)
class Painter:
    """Paints the particles of a large image: a pass over tiles, each of which is one shard of the label image.

    Parameters
    ----------
    searched
        What was found.
    labels
        Where to paint it.
    """

    searched: Searched
    labels: LabelImage

    @property
    def grid(self) -> TileGrid:
        """Tiles of the whole image, burnt-in bars included."""
        search = self.searched.search
        return TileGrid(search.picture.plane.shape, search.core_px)

    def __call__(self, tile: Tile) -> None:
        """Write the labels of a tile."""
        if tile in self.labels.missing():
            self.write(tile, self.part(self.grid.window(tile)).labels)

    def write(self, tile: Tile, painted: Labels) -> None:
        """Write the labels of a tile that are painted already."""
        self.labels.write(self.grid.window(tile), painted)

    def part(self, window: Window) -> Part:
        """Paint a part of the image."""
        search, shape = self.searched.search, self.grid.shape
        reach, (first, stop) = math.ceil(self.searched.reach_px) + 1, search.rows
        rows, columns = (
            slice(max(0, side.start - reach), min(length, side.stop + reach))
            for side, length in zip(window, shape, strict=True)
        )
        shown = slice(max(0, rows.start - first), max(0, min(stop, rows.stop) - first))
        tiles = search.grid.over((shown, columns)) or [(0, 0)]
        found, ids = search.read_objects(tiles, self.searched.first_ids)
        found = replace(found.moved(first, shape), painted=None)
        boxes = np.empty((0, 4)) if found.outlines is None else found.outlines.boxes()
        near = (boxes[:, 1] >= window[0].start - 1) & (boxes[:, 0] <= window[0].stop)
        near &= (boxes[:, 3] >= window[1].start - 1) & (boxes[:, 2] <= window[1].stop)
        order = ranked(found)
        order = order[near[order]]
        found, ids = replace(found.only(1 + order), painted=None), ids[order]
        if found.outlines is None:
            raise TypeError("particles of tiles have outlines")
        painted = found.outlines.paint(shape, found.scores, window)
        return Part(found, ids, np.append(0, ids).astype(np.uint32)[painted])


@dataclass(frozen=True)
class Measurer:
    """Paints and measures the particles of a large image: a pass over tiles.

    Each tile measures the particles whose point it holds, as a whole.

    Parameters
    ----------
    painter
        Paints them.
    rules
        Which particles count.
    rows
        Rows of the image that show the specimen, as given to `measure_particles`.
    """

    painter: Painter
    rules: Rules
    rows: tuple[int, int] | None

    @property
    def files(self) -> RowFiles:
        """Rows of each tile."""
        return RowFiles(self.painter.searched.search.folder / ROWS)

    @property
    def pairs(self) -> RowFiles:
        """Ids of particles that touch, of each tile."""
        return RowFiles(self.painter.searched.search.folder / CONTACTS)

    def __call__(self, tile: Tile) -> None:
        """Write the labels of a tile, which particles touch, and the rows of its own."""
        if self.files.path(tile).is_file():
            return
        import pandas as pd

        painter, picture = self.painter, self.painter.searched.search.picture
        size = picture.square_pixel_size_nm
        gap = gap_px(self.rules.gap, size)
        window = painter.grid.around(tile, math.ceil(painter.searched.reach_px + gap) + 2)
        part, top, left = painter.part(window), window[0].start, window[1].start
        owned = part.ids[within(part.found, painter.grid.window(tile), painter.grid.shape)]
        table = measure_particles(
            WholeLabels(part.labels, part.masks(window), Frame(painter.grid.shape, top, left)),
            image=picture.name,
            pixel_size_nm=size,
            intensity=picture.plane.window(*window).grey,
            scores=part.scores,
            rules=self.rules,
            rows=self.rows,
        )
        table = table.assign(**picture.plane.columns)
        if (classes := part.classes()) is not None:
            table = with_classes(table, classes)
        seen = runs(part.labels)
        pairs = seen.ids[contacts(seen, gap)].reshape(-1, 2)
        pairs = pairs[np.isin(pairs[:, 0], owned)]
        self.pairs.write(tile, pd.DataFrame({"one": pairs[:, 0], "other": pairs[:, 1]}))
        self._paint(tile, part, window)
        own = table[table["label"].isin(owned)]
        self.files.write(tile, own.drop(columns=[name for name in TOGETHER if name in own]))

    def _paint(self, tile: Tile, part: Part, window: Window) -> None:
        rows, columns = (
            slice(own.start - side.start, own.stop - side.start)
            for own, side in zip(self.painter.grid.window(tile), window, strict=True)
        )
        self.painter.write(tile, part.labels[rows, columns])

    def table(self) -> pd.DataFrame:
        """Read the rows of all tiles, with what depends on particles of other tiles; ids ascend."""
        table = self.files.read().sort_values("label", ignore_index=True)
        pairs = self.pairs.read().to_numpy(np.int64).reshape(-1, 2)
        ids = table["label"].to_numpy(np.int64)
        pairs = np.searchsorted(ids, pairs[np.isin(pairs, ids).all(1)])
        given = {str(name): table[name].to_numpy() for name in table}
        values: dict[str, npt.NDArray[np.generic]] = {
            "neighbour_px": nearest(table[["x_px", "y_px"]].to_numpy(float)),
            **aggregated(pairs, self.rules.within(given), np.arange(len(ids))),
        }
        size = self.painter.searched.search.picture.square_pixel_size_nm
        if size is not None:
            values |= in_nm(values, columns().values(), size)
        table = table.assign(**values)
        return table[arranged(table.columns)]
