"""Find the particles of a large image: candidates of each tile, then particles among those of neighbouring tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from particleforge.compute import Executor, Lost
from particleforge.errors import UserError
from particleforge.models.detection_files import joined, read_detections, write_detections
from particleforge.models.tiled import Picture, ranked, within
from particleforge.percentiles import Counts, ExactPercentiles, added, counted
from particleforge.step import Progress, Step
from particleforge.store.files import new_part
from particleforge.store.planes import Planes
from particleforge.wording import plural
from particleforge.workflows._finder import Finder
from particleforge.workflows._tiles.grid import Tile, TileGrid

if TYPE_CHECKING:
    from particleforge.models.detections import Detections, Window
    from particleforge.models.tiled import Tiled

TRIES = 3
"""Number of processes that may die on the same tile."""
HALO = 4
"""How far candidates around a tile are considered, in largest distances of an outline from its point.

An object can only overlap those within 2; whether these are particles is decided by those within 2 more.
"""
CANDIDATES, OBJECTS = "candidates", "objects"

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Search:
    """The search of one large image; each of its methods but `picture` and `tiled` is a pass over one tile.

    Parameters
    ----------
    planes, name
        The image is the plane of this name.
    find
        The detector and its options.
    folder
        Where files of tiles are written.
    rows
        Rows that show the specimen.
    core_px
        Side of a tile.
    marks
        Windows of burnt-in scale bars and their letters, in pixels of the picture.
    settled
        What is the same for all tiles; None before it is settled.
    """

    planes: Planes
    name: str
    find: Finder
    folder: Path
    rows: tuple[int, int]
    core_px: int
    marks: Sequence[Window] = ()
    settled: Mapping[str, Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without what is opened in each process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def picture(self) -> Picture:
        """What is searched."""
        return Picture(self.planes.get(self.name), self.rows, self.find.pixel_size_nm)

    @cached_property
    def tiled(self) -> Tiled:
        """The detector, prepared for the picture."""
        return self.find.detector.tiled(self.picture, self.settled or {}, self.find.options)

    @property
    def grid(self) -> TileGrid:
        """Tiles of the picture."""
        return TileGrid(self.picture.shape, self.core_px)

    def count(self, tile: Tile, halves: Sequence[int]) -> Counts:
        """Count the grey values of a tile; see `counted`."""
        return counted(self.picture.window(self.grid.window(tile)).grey, halves)

    def candidates(self, tile: Tile) -> float:
        """Write the candidates of a tile; return how far they reach from their points."""
        path = self._path(CANDIDATES, tile)
        if path.is_file():
            return self._read(CANDIDATES, tile).reach_px
        found = self.tiled.candidates(self.grid.window(tile))
        write_detections(path, found)
        return found.reach_px

    def objects(self, tile: Tile, reach_px: float) -> tuple[int, float]:
        """Write the particles of a tile; return their number, and how far they reach from their points.

        Parameters
        ----------
        tile
            The tile.
        reach_px
            How far the candidates of all tiles reach.

        Raises
        ------
        UserError
            If one of them is larger than a tile.
        """
        path = self._path(OBJECTS, tile)
        if not path.is_file():
            write_detections(path, self._chosen(tile, min(self.core_px, math.ceil(HALO * reach_px))))
        found = self._read(OBJECTS, tile)
        if (reach := found.reach_px) > self.core_px / 2:
            raise self._too_large(found)
        return len(found), reach

    def _chosen(self, tile: Tile, halo_px: int) -> Detections:
        around = self.grid.around(tile, halo_px)
        every = joined([self._read(CANDIDATES, one) for one in self.grid.over(around)])
        near = every.only(1 + np.flatnonzero(within(every, around, self.picture.shape)))
        found = self.tiled.chosen(near.only(1 + ranked(near))).outside(self.marks)
        return found.only(1 + np.flatnonzero(within(found, self.grid.window(tile), self.picture.shape)))

    def _too_large(self, found: Detections) -> UserError:
        needed = math.ceil(2 * found.reach_px / 64) * 64
        return UserError(
            f"{self.name}: a particle reaches {found.reach_px:.0f} px from its centre, more than half of a tile of "
            f"{self.core_px} px.",
            f"Use tiles of at least {needed} px: raise the option tile_px by a factor of {needed / self.core_px:.2f}.",
        )

    def read_objects(self, tiles: Iterable[Tile], first_ids: Mapping[Tile, int]) -> tuple[Detections, Any]:
        """Read the particles of some tiles, and the id of each."""
        parts = [(tile, self._read(OBJECTS, tile)) for tile in tiles]
        ids = [first_ids[tile] + np.arange(len(part)) for tile, part in parts]
        return joined([part for _, part in parts]), np.concatenate(ids)

    def _read(self, kind: str, tile: Tile) -> Detections:
        return read_detections(self._path(kind, tile), self.picture.shape, self.tiled.Outlines)

    def _path(self, kind: str, tile: Tile) -> Path:
        return new_part(self.folder, kind) / f"{tile[0]:06d}_{tile[1]:06d}.npz"


@dataclass(frozen=True)
class Searched:
    """What was found in a large image.

    Parameters
    ----------
    search
        The search, whose folder holds the particles.
    counts
        Number of particles of each tile.
    reach_px
        How far they reach from their points.
    """

    search: Search
    counts: Mapping[Tile, int]
    reach_px: float

    @property
    def count(self) -> int:
        """Number of particles."""
        return sum(self.counts.values())

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of how it was searched."""
        search = self.search
        first = search.picture.window((slice(0, 1), slice(0, 1)))
        found = search.tiled.found
        how = (
            f"Searched in {plural(len(self.counts), 'tile')} of {search.core_px} px at one scale, "
            f"{found['working_scale']:.3g}: that of the middle of the image unless it was given. Particles that only "
            "other scales show are not added."
        )
        sure = () if found.get("certainty") is None else ("Its certainty is that of the middle of the image.",)
        return (*first.all_remarks, how, *sure)

    @property
    def first_ids(self) -> dict[Tile, int]:
        """Id of the first particle of each tile: ids count from 1, tile by tile."""
        ends = np.cumsum(list(self.counts.values())).tolist()
        return {tile: 1 + end - count for (tile, count), end in zip(self.counts.items(), ends, strict=True)}


def search_steps(search: Search, executor: Executor) -> Step[Searched]:
    """Find the particles of a large image.

    Parameters
    ----------
    search
        What is searched; if it is not settled, that takes place first.
    executor
        Where tiles are processed.

    Raises
    ------
    UserError
        If the image cannot be read, the detector cannot search it in tiles, or a particle is larger than a tile.
    """
    if search.settled is None:
        search = yield from settle_steps(search, executor)
    reaches = yield from each_tile(search.candidates, search.grid, executor, "Searching")
    choose = partial(search.objects, reach_px=max(reaches.values()))
    found = yield from each_tile(choose, search.grid, executor, "Putting tiles together")
    counts = {tile: found[tile][0] for tile in search.grid}
    return Searched(search, counts, max(reach for _, reach in found.values()))


def settle_steps(search: Search, executor: Executor) -> Step[Search]:
    """Settle what is the same for all tiles; see `Detector.settle`."""
    yield Progress(0, 1, "Reading grey values")

    def count(halves: Sequence[int]) -> Counts:
        with closing(executor.each(partial(search.count, halves=halves), list(search.grid), TRIES)) as parts:
            return added(_survived(tile, part) for tile, part in parts if not _again(part))

    detector, options = search.find.detector, search.find.options
    return replace(search, settled=(yield from detector.settle(search.picture, ExactPercentiles(count), options)))


def each_tile(
    call: Callable[[Tile], ResultT], grid: Iterable[Tile], executor: Executor, doing: str
) -> Step[dict[Tile, ResultT]]:
    """Call a function with each tile; return its results.

    Raises
    ------
    UserError
        If processes died on a tile.
    """
    tiles, results = list(grid), dict[Tile, ResultT]()
    with closing(executor.each(call, tiles, TRIES)) as outcomes:
        for tile, outcome in outcomes:
            if not _again(outcome):
                results[tile] = _survived(tile, outcome)
            yield Progress(len(results), len(tiles), f"{doing}: {len(results)} of {len(tiles)} tiles")
    return results


def _again(outcome: object) -> bool:
    """Whether another process gets the tile."""
    return isinstance(outcome, Lost) and outcome.times < TRIES


def _survived(tile: Tile, outcome: ResultT | Lost) -> ResultT:
    if isinstance(outcome, Lost):
        raise UserError(
            f"{outcome.times} processes died on the tile in row {tile[0]}, column {tile[1]}: the last {outcome}.",
            "Memory may have run out: use fewer workers or a smaller tile_px, and run the same command again.",
        )
    return outcome
