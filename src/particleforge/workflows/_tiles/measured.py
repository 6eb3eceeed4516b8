"""Measure one large image among others."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from particleforge.compute import Unavailable
from particleforge.errors import Cancelled
from particleforge.measurement.measured import Measured
from particleforge.measurement.results_folder import label_store
from particleforge.step import Step, part
from particleforge.store.files import DiskError
from particleforge.workflows._one_plane import OnePlane, Outcome, failure_of
from particleforge.workflows._tiles.large_image import TILES, painter_of, remove_tiles, searched_steps
from particleforge.workflows._tiles.measure import Measurer
from particleforge.workflows._tiles.search import each_tile

if TYPE_CHECKING:
    from particleforge.compute import Executor
    from particleforge.measurement.image_writer import Written
    from particleforge.workflows._finder import Finder

_LOG = logging.getLogger(__name__)
NOT_DONE = "Its aggregates were not measured as wholes, and no figure of it was drawn."
NO_GRAIN_SIZE = "Its ASTM grain size was not measured, as it is too large."


@dataclass(frozen=True)
class LargeImages:
    """Measures large images tile by tile.

    Parameters
    ----------
    image
        Writes the results of an image; its first inputs are the images.
    find
        Finds particles.
    executor
        Where tiles are processed.
    """

    image: OnePlane
    find: Finder
    executor: Executor

    def measured_steps(self, name: str) -> Step[Outcome]:
        """Measure an image and write its files.

        Raises
        ------
        DiskError
            If the disk is full or not writable.
        Unavailable
            If the cluster cannot be used.
        """
        noted = None
        try:
            noted = self.image.fingerprint(name)
            if name in self.image.refused:
                raise self.image.refused[name]
            return Outcome(noted, (yield from self._written_steps(name, noted)))
        except (DiskError, Cancelled, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - the other images go on
            _LOG.debug("%s was not measured", name, exc_info=True)
            return Outcome(noted, failure_of(error))

    def _written_steps(self, name: str, noted: list[str]) -> Step[Written]:
        writer, planes = self.image.writer, self.image.inputs[0]
        folder = writer.out / TILES / name
        searched = yield from part(searched_steps(planes, name, self.find, folder, noted, self.executor), 0, 0.6)
        picture = searched.search.picture
        rows = None if picture.rows == (0, picture.plane.shape[0]) else picture.rows
        measurer = Measurer(painter_of(searched, label_store(writer.out, name)), writer.rules, rows)
        yield from part(each_tile(measurer, measurer.painter.grid, self.executor, "Measuring"), 0.6, 0.95)
        yield from part(measurer.painter.labels.build_levels(), 0.95, 1)
        measured = Measured(
            name,
            measurer.table(),
            pixel_size_nm=picture.square_pixel_size_nm,
            rules=writer.rules,
            rows=rows,
            columns=picture.plane.columns,
        )
        remarks = (*searched.remarks, NOT_DONE, *([NO_GRAIN_SIZE] if writer.outputs.grain_size else []))
        written = writer.write(measured, searched.search.tiled.found, remarks)
        remove_tiles(folder)
        return written
