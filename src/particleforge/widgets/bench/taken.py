"""Take over what layers hold that were opened or made elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels

from particleforge.errors import UserError
from particleforge.store.labels import as_labels
from particleforge.store.micrographs import write_micrograph
from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.store.source import Source
from particleforge.widgets.bench.work import Work
from particleforge.widgets.layers import file_name, finest, pixel_size_nm
from particleforge.widgets.unexpected import as_user_error
from particleforge.widgets.workspace import free_name

if TYPE_CHECKING:
    from napari import Viewer


def take_labels(layer: Labels, work: Work) -> None:
    """Write a layer of labels as the particles of the image that is worked on.

    Raises
    ------
    UserError
        If it has another shape, holds no labels, or they cannot be written.
    """
    labels = as_labels(np.asarray(layer.data[0] if layer.multiscale else layer.data), layer.name)
    if labels.shape != work.micrograph.shape:
        raise UserError(
            f"{layer.name} has the shape {labels.shape}, but {work.name} has {work.micrograph.shape}.",
            "Choose labels of this image.",
        )
    count = len(np.unique(labels[labels > 0]))
    origin = Origin(detector={"labels": layer.name}, count=count, image=work.origin_now.image)
    write_particles(work.folder, work.name, ImageParticles(labels, origin), pixel_size_nm(work.image))


def written_to(folder: Path, source: Source) -> list[Path] | UserError:
    """Write the images of a layer that has no file; return their new files, or why that is not possible."""
    paths = []
    try:
        for plane in source:
            micrograph = plane.read()
            name = file_name(micrograph.name)
            free = free_name(folder, name, ".tif") if (folder / f"{name}.tif").exists() else name
            paths.append(folder / f"{free}.tif")
            write_micrograph(paths[-1], micrograph)
    except Exception as error:  # noqa: BLE001 - it is shown
        return as_user_error(error)
    return paths


def plane_shown(viewer: "Viewer", layer: Image) -> int:
    """Return the number of the plane of a stack that a viewer shows, from 0."""
    steps = viewer.dims.current_step[: max(layer.ndim - 2, 0)]
    lengths = finest(layer).shape[: len(steps)]
    return int(np.ravel_multi_index(steps, lengths)) if steps and len(steps) == len(lengths) else 0
