"""Search and measure one large image, continuing what was interrupted."""

from __future__ import annotations

import math
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from particleforge.burnt_in import marks, picture_rows
from particleforge.errors import UserError
from particleforge.measurement.results_folder import PARTICLES, write_json
from particleforge.models.detections import Window
from particleforge.models.normalize import Floats
from particleforge.params import Params
from particleforge.plain_data import read_json
from particleforge.step import Step, part
from particleforge.store.files import new_part
from particleforge.store.label_image import LabelImage
from particleforge.store.pyramid import CHUNK_PX, Layout
from particleforge.workflows._tiles.measure import Painter
from particleforge.workflows._tiles.search import Search, Searched, each_tile, search_steps, settle_steps

if TYPE_CHECKING:
    from particleforge.compute import Executor
    from particleforge.store.planes import Planes
    from particleforge.store.source import Plane
    from particleforge.workflows._finder import Finder

PLAN = "plan.json"
TILES = "tiles"
"""Folder in an output folder with the files of tiles while large images are searched."""
READ_PX = 2048
"""Side of the parts in which grey values are read."""
BAR_PX = 8e6
"""Pixels in which burnt-in bars are looked for; of larger images only some columns are looked at."""
SEARCH_SHARE = 0.7
"""Share of the time that finding takes."""


class InTiles(Params):
    """Which images are searched tile by tile."""

    tiles_from_mp: float = Field(
        50.0,
        ge=0,
        title="Tiles from [megapixels]",
        description="Images of this many megapixels or more are searched and measured tile by tile, in bounded memory; "
        "their labels are written as OME-Zarr. 0: all images.",
    )

    def large(self, planes: Planes, names: Iterable[str]) -> list[str]:
        """Names of the images that are searched tile by tile."""
        return [name for name in names if np.prod(planes.get(name).shape, dtype=float) >= self.tiles_from_mp * 1e6]


def searched_steps(
    planes: Planes, name: str, find: Finder, folder: Path, made_of: Collection[str], executor: Executor
) -> Step[Searched]:
    """Find the particles of a large image.

    Parameters
    ----------
    planes, name
        The image is the plane of this name.
    find
        The detector and its options.
    folder
        Where files of tiles are written, and where those of an interrupted search are.
    made_of
        Fingerprints of the image; with others, what is in the folder is removed.
    executor
        Where tiles are processed.

    Raises
    ------
    UserError
        See `search_steps`.
    """
    made = [*map(str, made_of), str(find.options.model_dump(mode="json"))]
    plan = _plan(folder, made)
    if plan is None:
        shutil.rmtree(folder, ignore_errors=True)
        plane = planes.get(name)
        rows, bars = ((0, plane.shape[0]), list[Window]()) if find.keep_burnt_in else burnt_in(plane)
        search = yield from settle_steps(Search(planes, name, find, folder, rows, READ_PX), executor)
        search = replace(search, core_px=_core_px(search.tiled.core_px))
        sides = [[[side.start, side.stop] for side in window] for window in bars]
        plan = {"made_of": made, "rows": rows, "marks": sides, "core_px": search.core_px, "settled": search.settled}
        write_json(new_part(folder, "") / PLAN, plan)
    first, stop = plan["rows"]
    marked = [(slice(*rows), slice(*columns)) for rows, columns in plan["marks"]]
    search = Search(planes, name, find, folder, (first, stop), plan["core_px"], marked, plan["settled"])
    return (yield from search_steps(search, executor))


def _plan(folder: Path, made_of: list[str]) -> dict[str, Any] | None:
    """Plan of an interrupted search of the same image; None if there is none."""
    try:
        plan = read_json(folder / PLAN) if (folder / PLAN).is_file() else {}
    except UserError:
        return None
    return plan if isinstance(plan, dict) and plan.get("made_of") == made_of else None


def _core_px(wanted: int) -> int:
    """Side of tiles that chunks fit into."""
    return max(1, wanted // CHUNK_PX) * CHUNK_PX


def painter_of(searched: Searched, store: Path) -> Painter:
    """Prepare to paint what was found into a label image.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    search = searched.search
    size = search.picture.square_pixel_size_nm
    plane = search.picture.plane
    layout = Layout(plane.shape, search.core_px, pixel_size_nm=None if size is None else (size, size))
    if (store / "labels" / PARTICLES).is_dir() and not any((search.folder).glob("*/*.parquet")):
        shutil.rmtree(store)
    return Painter(searched, LabelImage.in_store(store, PARTICLES, layout))


def painted_steps(
    planes: Planes, name: str, find: Finder, folder: Path, store: Path, executor: Executor
) -> Step[Searched]:
    """Find the particles of a large image and paint them into a new OME-Zarr; errors as for `searched_steps`."""
    searched = yield from part(searched_steps(planes, name, find, folder, (), executor), 0, SEARCH_SHARE)
    painter = painter_of(searched, store)
    yield from part(each_tile(painter, painter.grid, executor, "Painting"), SEARCH_SHARE, 0.95)
    yield from part(painter.labels.build_levels(), 0.95, 1)
    remove_tiles(folder)
    return searched


def remove_tiles(folder: Path) -> None:
    """Remove the files of the tiles of an image that is done."""
    shutil.rmtree(folder)
    with suppress(OSError):  # of other images
        folder.parent.rmdir()


def burnt_in(plane: Plane) -> tuple[tuple[int, int], list[Window]]:
    """Rows of a large image that show the specimen, and windows of scale bars and their letters in them.

    Of images with more than `BAR_PX` pixels only some columns are looked at for data bars, and only some pixels for
    scale bars.

    Raises
    ------
    UserError
        If it cannot be read, or has pixels that are not finite.
    """
    height, width = plane.shape
    columns_step = max(1, math.ceil(height * width / BAR_PX))
    step = math.ceil(math.sqrt(columns_step))
    columns, coarse = list[Floats](), list[Floats]()
    for top in range(0, height, band := CHUNK_PX * step):
        grey = plane.window(slice(top, min(top + band, height)), slice(0, width)).grey
        columns.append(grey[:, ::columns_step])
        coarse.append(grey[::step, ::step])
    first, stop = picture_rows(np.concatenate(columns))
    shown = np.concatenate(coarse)[-(-first // step) : -(-stop // step)]
    found = marks(shown)
    return (int(first), int(stop)), [(_finer(rows, step), _finer(columns, step)) for rows, columns in found]


def _finer(side: slice, step: int) -> slice:
    """Pixels that every `step`-th of are a part of an axis."""
    return slice(side.start * step, side.stop * step)
