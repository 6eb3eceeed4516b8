"""Write what was measured to files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import tifffile

from particleforge.micrograph import Micrograph
from particleforge.store.files import atomic_write
from particleforge.store.labels import write_labels


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a particle table as CSV.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.7g", lineterminator="\n")


def write_label_image(path: Path, labels: npt.NDArray[Any]) -> None:
    """Write (Y, X) or (T, Y, X) labels as a uint32 TIFF.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    if labels.ndim == 2:
        write_labels(path, labels)
        return
    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        tifffile.imwrite(file, labels.astype(np.uint32), compression="zlib", metadata={"axes": "TYX"})


def write_figure(
    path: Path,
    table: pd.DataFrame,
    labels: npt.NDArray[Any],
    pixel_size_nm: float | None,
    read: Callable[[], Micrograph] | None,
) -> None:
    """Write the size distribution as SVG, PNG or PDF, beside the image with its particles where it is a single one.

    Parameters
    ----------
    path
        Its suffix says the format.
    table
        Particles to draw.
    labels
        (Y, X) or (T, Y, X) ids of these particles.
    pixel_size_nm
        None gives sizes in px.
    read
        Reads the image; None where there is none.

    Raises
    ------
    UserError
        If the image cannot be read, or the disk is full.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from particleforge.measurement.figures import draw_sizes, particle_figure, save_figure, sizes_in_unit

    if labels.ndim == 2:
        micrograph = read() if read else None
        grey, name = (micrograph.grey, micrograph.name) if micrograph else (None, "")
        figure = particle_figure(grey, labels, table, name=name, pixel_size_nm=pixel_size_nm)
    else:
        figure = Figure(figsize=(4.6, 3.4), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        draw_sizes(figure.add_subplot(), *sizes_in_unit(table, pixel_size_nm))
    save_figure(figure, path)
