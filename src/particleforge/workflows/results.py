"""What a measurement leaves on disk: label images, one particle table, a summary, figures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.errors import UserError
from particleforge.measurement.distribution import summarize
from particleforge.measurement.figures import particle_figure, save_figure
from particleforge.measurement.particles import NM_COLUMNS, PIXEL_COLUMNS, measure_particles
from particleforge.micrograph import Micrograph
from particleforge.store.files import atomic_write, claim_name, disk_errors, new_folder, new_part
from particleforge.store.labels import write_labels

TABLE, SUMMARY = "particles.csv", "summary.json"
COLUMNS = (*PIXEL_COLUMNS, "mean_intensity", *NM_COLUMNS)
"""Columns of ``particles.csv``; empty where an image has no pixel size or is not there."""
_POOLED = ["ecd_px", "ecd_nm", "touches_border"]


@dataclass(frozen=True)
class Measurement:
    """Where a measurement was written.

    Parameters
    ----------
    out
        The folder.
    table
        Particle table of all images as CSV, columns as in `COLUMNS`.
    summary
        What ``summary.json`` holds; see `Results`.
    """

    out: Path
    table: Path
    summary: dict[str, Any]


class Results:
    """Writes a measurement image by image, so that an interrupted one leaves all it has.

    The folder holds ``labels/NAME.tif``, ``figures/NAME.png``, ``particles.csv`` and ``summary.json`` with

    ``provenance``
        `provenance` and the ``version`` of this package.
    ``complete``
        False until all images are measured.
    ``pooled``
        All particles as `summarize` gives them; None until complete. ``px`` is None where images differ in pixel size,
        ``nm`` where one of them is not known.
    ``images``
        By name: ``pixel_size_nm``, what `summarize` gives, and where a detector found the particles the
        ``working_scale`` at which it did and its ``certainty`` (see `Instances`).

    Parameters
    ----------
    out
        A folder that is not there yet, or empty.
    provenance
        Plain data: the command, its parameters, what was measured with what.

    Raises
    ------
    UserError
        If `out` holds something or cannot be written.
    """

    def __init__(self, out: Path, provenance: Mapping[str, Any]) -> None:
        self.out = new_folder(out)
        self._labels, self._figures = new_part(out, "labels"), new_part(out, "figures")
        self._provenance = {"version": version("napari-particleforge"), **provenance}
        self._images: dict[str, dict[str, Any]] = {}
        self._sizes: list[pd.DataFrame] = []
        self._names: set[str] = set()
        self._append(pd.DataFrame(columns=list(COLUMNS)), header=True)
        self._write_summary(pooled=None)

    def add(
        self,
        micrograph: Micrograph,
        labels: npt.NDArray[Any],
        scores: Mapping[int, float] | None = None,
        finding: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Measure and write the particles of one micrograph.

        Parameters
        ----------
        micrograph
            The image; its pixels must be square.
        labels
            (Y, X) ids, 0 = background.
        scores
            Score by id.
        finding
            Plain data on how the particles were found, kept with the image in the summary.

        Returns
        -------
        pandas.DataFrame
            Its particles, as `measure_particles` gives them.

        Raises
        ------
        UserError
            If labels and image differ in shape, two images have the same name, pixels are not square, or the disk is
            full.
        """
        table = self._add(micrograph.name, labels, micrograph.grey, micrograph.square_pixel_size_nm, scores)
        if finding:
            self._images[next(reversed(self._images))] |= finding
            self._write_summary(pooled=None)
        return table

    def add_labels(self, name: str, labels: npt.NDArray[Any], pixel_size_nm: float | None = None) -> pd.DataFrame:
        """Measure and write particles whose image is not there; otherwise as `add`."""
        return self._add(name, labels, None, pixel_size_nm, None)

    def finish(self) -> Measurement:
        """Pool all images and mark the measurement as complete."""
        every = pd.concat(self._sizes) if self._sizes else pd.DataFrame(columns=_POOLED, dtype=float)
        pooled = summarize(every)
        found = [entry["pixel_size_nm"] for entry in self._images.values()]
        known = [size for size in found if size is not None]
        if 0 < len(known) < len(found) or (known and max(known) > 1.001 * min(known)):
            pooled["px"] = None
        if len(known) < len(found):
            pooled["nm"] = None
        return Measurement(self.out, self.out / TABLE, self._write_summary(pooled))

    def _add(
        self,
        name: str,
        labels: npt.NDArray[Any],
        grey: npt.NDArray[np.float32] | None,
        pixel_size_nm: float | None,
        scores: Mapping[int, float] | None,
    ) -> pd.DataFrame:
        if not labels.size:
            raise UserError(f"{name}: the label image is empty, its shape is {labels.shape}.")
        if grey is not None and grey.shape != labels.shape:
            raise UserError(
                f"{name}: the labels have shape {labels.shape}, the image {grey.shape}.",
                "They must be equal; was one of them resized or cropped?",
            )
        file_name = claim_name(name, self._names)
        table = measure_particles(labels, image=file_name, pixel_size_nm=pixel_size_nm, intensity=grey, scores=scores)
        write_labels(self._labels / f"{file_name}.tif", labels)
        figure = particle_figure(grey, labels, table, name=file_name, pixel_size_nm=pixel_size_nm)
        save_figure(figure, self._figures / f"{file_name}.png")
        self._append(table)
        self._sizes.append(table.reindex(columns=_POOLED))
        self._images[file_name] = {"pixel_size_nm": pixel_size_nm, **summarize(table)}
        self._write_summary(pooled=None)
        return table

    def _append(self, table: pd.DataFrame, header: bool = False) -> None:
        path = self.out / TABLE
        text = table.reindex(columns=list(COLUMNS)).to_csv(
            index=False, header=header, float_format="%.7g", lineterminator="\n"
        )
        with disk_errors(path), path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)

    def _write_summary(self, pooled: dict[str, Any] | None) -> dict[str, Any]:
        summary = {
            "provenance": self._provenance,
            "complete": pooled is not None,
            "pooled": pooled,
            "images": self._images,
        }
        with atomic_write(self.out / SUMMARY) as temporary:
            temporary.write_text(json.dumps(summary, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")
        return summary
