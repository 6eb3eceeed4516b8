"""Write what was measured to files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import tifffile

from particleforge.measurement.measured import Measured
from particleforge.measurement.rules import Rules
from particleforge.measurement.table_file import csv_text
from particleforge.store.files import atomic_write
from particleforge.store.labels import write_labels
from particleforge.store.ome_zarr_labels import write_ome_labels
from particleforge.store.source import Plane
from particleforge.store.tiff_scale import scale_tags
from particleforge.widgets.layers import padded


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a particle table as CSV.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(csv_text(table), encoding="utf-8", newline="")


@dataclass(frozen=True, eq=False)
class Exported:
    """The particles that count.

    Parameters
    ----------
    name
        Of their layer.
    table
        One row per particle.
    labels
        (Y, X) or (T, Y, X) ids.
    pixel_size_nm
        Along (Y, X), if known.
    planes
        The planes of the image they were found in; empty if there is no image.
    rules
        Those the table was made with.
    provenance
        Plain data: version, parameters, model.
    """

    name: str
    table: pd.DataFrame
    labels: npt.NDArray[Any]
    pixel_size_nm: tuple[float, float] | None = None
    planes: Sequence[Plane] = ()
    rules: Rules = field(default_factory=Rules)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def measured(self) -> Measured:
        """Return it as figures and reports need it; a single image is included, with its particles drawn."""
        size = None if self.pixel_size_nm is None else float(np.sqrt(np.prod(self.pixel_size_nm)))
        if self.labels.ndim != 2:
            return Measured(self.name, self.table, None, None, size, self.rules)
        grey = self.planes[0].read().grey if self.planes else None
        return Measured(self.name, self.table, self.labels, grey, size, self.rules)


def write_ome(path: Path, exported: Exported) -> None:
    """Write the image with its labels as a new OME-Zarr folder.

    Raises
    ------
    UserError
        If the path exists, the image cannot be read, or the disk is full.
    """
    pixels = [plane.read().pixels for plane in exported.planes]
    whole = padded(pixels) if exported.labels.ndim == 3 and pixels else next(iter(pixels), None)
    write_ome_labels(path, exported.labels, whole, exported.pixel_size_nm)


def write_label_image(path: Path, labels: npt.NDArray[Any], pixel_size_nm: tuple[float, float] | None = None) -> None:
    """Write (Y, X) or (T, Y, X) labels as a uint32 TIFF with the pixel size along (Y, X), if known.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    if labels.ndim == 2:
        write_labels(path, labels, pixel_size_nm=pixel_size_nm)
        return
    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        about = scale_tags(pixel_size_nm, len(labels))
        tifffile.imwrite(
            file, labels.astype(np.uint32), compression="zlib", photometric="minisblack", metadata=None, **about
        )


def write_figure(path: Path, exported: Exported) -> None:
    """Write the size distribution as SVG, PNG or PDF by its suffix, next to a single image with its particles.

    Raises
    ------
    UserError
        If the image cannot be read, or the disk is full.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from particleforge.measurement.figures import draw_sizes, particle_figure, save_figure, sizes_in_unit
    from particleforge.measurement.lettering import letter

    shown = exported.measured()
    if shown.labels is not None:
        figure = particle_figure(
            shown.grey,
            shown.labels,
            shown.table,
            name=shown.name,
            pixel_size_nm=shown.pixel_size_nm,
            rules=shown.rules,
        )
    else:
        figure = Figure(figsize=(4.6, 3.4), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        sizes, unit = sizes_in_unit(shown.table, shown.pixel_size_nm)
        draw_sizes(figure.add_subplot(), sizes, unit, shown.table["weight"].to_numpy(float))
    letter(figure)
    save_figure(figure, path)


def write_page(path: Path, exported: Exported) -> None:
    """Write a report as HTML or PDF by its suffix.

    Raises
    ------
    UserError
        If the image cannot be read, or the disk is full.
    """
    from particleforge.measurement.report.write import write_report

    write_report(path, exported.measured(), provenance=exported.provenance)
