"""The result of measuring a layer, and how the layer is passed to the job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Image

from particleforge.jobs.messages import Task
from particleforge.measurement.certainty import SURE, unlike
from particleforge.measurement.in_pieces import in_pieces, pieces_sentence
from particleforge.measurement.pooling import not_pooled_sentence
from particleforge.measurement.report.warnings import remarks_on
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.uncertainty.stored import StoredUncertainty
from particleforge.params import Params
from particleforge.store.image_files import is_image
from particleforge.store.left_out import left_out, left_out_sentence
from particleforge.store.micrographs import open_source, write_micrograph
from particleforge.widgets.layers import own_file, pixel_size_nm, planes, source_path
from particleforge.workflows.measure import measure

MOST_SIZES = 4
"""Number of different sizes of images that are named."""


@dataclass(frozen=True, eq=False)
class Found:
    """Particles of a layer.

    Parameters
    ----------
    labels
        One (Y, X) array per plane; ids differ between planes.
    table
        One row per particle as `measure_particles` gives it, with a column `plane` in front.
    provenance
        Plain data: version, parameters, model.
    certainty
        Certainty of the detector for its least certain plane; None if it has no estimate.
    failed
        Reasons why planes could not be measured, by plane number; these planes have no particles.
    rows
        Those of each plane that show the specimen; see `Measured`.
    notes
        Sentences on how the images were read.
    not_pooled
        Reasons why planes are not counted together with the others, by plane number; a single plane always counts.
    uncertainty
        What is known of the uncertainty of the figures apart from sampling.
    """

    labels: list[npt.NDArray[np.uint32]]
    table: pd.DataFrame
    provenance: dict[str, Any]
    certainty: float | None = None
    failed: Mapping[int, str] = field(default_factory=dict)
    rows: Sequence[tuple[int, int] | None] = ()
    notes: Sequence[str] = ()
    not_pooled: Mapping[int, str] = field(default_factory=dict)
    uncertainty: StoredUncertainty = field(default_factory=StoredUncertainty)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Height and width of each plane."""
        return [(ids.shape[0], ids.shape[1]) for ids in self.labels]

    def remarks(self, name: str, in_pixels: bool) -> str:
        """Return what to know before using the sizes of a layer."""
        lines = [] if len(self.table) else [f"No particles were found in {name}."]
        if len(sizes := set(self.shapes)) > 1:
            listed = ", ".join(f"{height} x {width}" for height, width in sorted(sizes)[:MOST_SIZES])
            lines.append(
                f"The {len(self.labels)} planes of {name} have {len(sizes)} different sizes ({listed} px"
                f"{', ...' * (len(sizes) > MOST_SIZES)}); each was measured as an image of its own."
            )
        if len(self.table) and self.certainty is not None and self.certainty < SURE:
            lines.append(
                f"The detector is uncertain here (certainty {self.certainty:.2f}): check the particles it found, "
                "or annotate some and train your own detector."
            )
        if excluded := not_pooled_sentence({f"plane {plane}": why for plane, why in self.not_pooled.items()}):
            lines.append(excluded)
        if pieces := pieces_sentence(*in_pieces(self.table)):
            lines.append(pieces)
        if any(self.rows):
            lines.append("The data bar was excluded.")
        if len(self.table) and in_pixels:
            lines.append(
                f"Sizes are in pixels, because the scale of {name} is not known: set it in the Annotate panel, "
                "by typing it or with “Measure scale bar”. The sizes shown here follow."
            )
        for plane, reason in list(self.failed.items())[:1]:
            lines.append(
                f"{len(self.failed)} of {len(self.labels)} planes could not be measured. Plane {plane}: {reason}"
            )
        return " ".join([*lines, *self.notes])


def task(layer: Image, model: str, params: Params, folder: Path) -> Task:
    """Write the planes of a layer, unless its own file holds exactly these; return the task that measures it."""
    images, given = _own_file(layer) or (_written(layer, folder / "images"), {})
    params = params.replace(reports=False, **given)
    return Task.of(measure, params, model=model, images=images, out=folder / "results")


def _own_file(layer: Image) -> tuple[Path, dict[str, str]] | None:
    """File of a layer, and the pixel size of the layer as a parameter if the file does not state it."""
    path, size = own_file(layer), pixel_size_nm(layer)
    if path is None:
        return None
    if open_source(path).pixel_size_nm == size:
        return path, {}
    return (path, {"pixel_size": f"{size[0]!r} nm"}) if size is not None and size[0] == size[1] else None


def _written(layer: Image, folder: Path) -> Path:
    folder.mkdir()
    for plane in planes(layer):
        write_micrograph(folder / f"{plane.name}.tif", plane.read())
    return folder


def read_found(results: Path, name: str) -> Found:
    """Read the results of a job; `name` is that of the layer."""
    folder = ResultsFolder.open(results)
    table, images, reasons = folder.table(), folder.images, folder.failed
    labels, rows, highest = [], [], 0
    names = sorted({*folder.names, *reasons})
    blank = np.zeros_like(folder.labels(folder.names[0]))
    for plane, stem in enumerate(names):
        ids = folder.labels(stem) if stem in images else blank
        own = table[table["image"] == stem].drop(columns="frame", errors="ignore")
        rows.append(own.assign(label=own["label"] + highest, plane=plane))
        ids[ids > 0] += np.uint32(highest)
        highest = max(highest, int(ids.max(initial=0)))
        labels.append(ids)
    every = pd.concat(rows, ignore_index=True).assign(image=name)
    every = every[["plane", *every.columns.drop("plane")]].dropna(axis="columns", how="all")
    source = folder.provenance["source"] | {"images": name}
    known = [sure for entry in images.values() if (sure := entry.get("certainty")) is not None]
    provenance = folder.provenance | {"source": source}
    failed = {plane: reasons[stem] for plane, stem in enumerate(names) if stem in reasons}
    shown = [rows and tuple(rows) for stem in names for rows in [images.get(stem, {}).get("rows")]]
    found = every if len(every) else table.assign(plane=0)
    notes = (*remarks_on(images), *unlike(images), *folder.summary["remarks"])
    excluded = {plane: folder.not_pooled[stem] for plane, stem in enumerate(names) if stem in folder.not_pooled}
    excluded = excluded if len(names) > 1 else {}
    about = StoredUncertainty.of(folder.summary["pooled"] if len(names) > 1 else images.get(names[0], {}))
    return Found(labels, found, provenance, min(known, default=None), failed, shown, notes, excluded, about)


def left_out_of(layer: Image) -> list[str]:
    """Say what is missing from a layer that napari made of a folder."""
    path = source_path(layer)
    found = left_out(path) if path is not None and path.is_dir() and not is_image(path) else {}
    return [left_out_sentence(found)] if found else []
