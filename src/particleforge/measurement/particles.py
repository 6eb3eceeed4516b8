"""One row per particle from a label image.

Descriptors of shape follow ISO 9276-6:2008, Descriptive and quantitative representation of particle shape and
morphology.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.column import in_nm
from particleforge.measurement.columns import IMAGE, LABEL, arranged, by_table_name, columns
from particleforge.measurement.descriptor import Values
from particleforge.measurement.overlapping import particles_of
from particleforge.measurement.rules import Rules

if TYPE_CHECKING:
    import pandas as pd


def measure_particles(
    labels: npt.NDArray[Any] | WholeLabels,
    *,
    image: str = "",
    pixel_size_nm: float | None = None,
    intensity: npt.NDArray[Any] | None = None,
    scores: Mapping[int, float] | None = None,
    rules: Rules = Rules(),
    rows: tuple[int, int] | None = None,
) -> "pd.DataFrame":
    """Measure every particle of a label image.

    The pixels with the same id are one particle. If they form several pieces, for example because of a stray pixel, the
    largest piece is measured as if the others were background; the column ``pieces`` counts them.

    Parameters
    ----------
    labels
        (Y, X) ids of any integer type, 0 = background. They need not be consecutive. If masks of whole particles are
        given with them, sizes and shapes are those of the masks, which may overlap; grey values, contacts and
        ``visible_fraction`` are those of the labels. A particle that is completely hidden has a row.
    image
        Text for the column ``image``.
    pixel_size_nm
        Side of the square pixels; None if unknown: there are no columns in nm then.
    intensity
        (Y, X) grey values for ``mean_intensity`` and ``sd_intensity``; None: there are no such columns.
    scores
        Score by id; NaN for ids without one.
    rules
        Which particles count, the body for the volume and the criteria for shape classes.
    rows
        Rows that show the specimen, as (first, last + 1), which are taken as the border of the image; None: all.

    Returns
    -------
    pandas.DataFrame
        One row per id, in ascending order, with the columns of the descriptors; see
        `particleforge.measurement.columns`.

    Raises
    ------
    UserError
        If `labels` is not 2D, not of integers or has negative ids, if `intensity` has another shape, or if the pixel
        size is not above zero.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.particles import measure_particles
    >>> labels = np.pad(np.ones((4, 6), int), 3)
    >>> measure_particles(labels, pixel_size_nm=2.0)[["label", "area_px2", "area_nm2", "feret_min_nm"]]
       label  area_px2  area_nm2  feret_min_nm
    0      1      24.0      96.0           8.0
    """
    import pandas as pd

    _check(labels.labels if isinstance(labels, WholeLabels) else labels, pixel_size_nm, intensity)
    particles = particles_of(labels, rules, rows, intensity, scores, pixel_size_nm)
    values: dict[str, Values] = {
        IMAGE.in_px: np.full(len(particles.ids), image, object),
        LABEL.in_px: particles.ids,
        **particles,
    }
    if pixel_size_nm is not None:
        values |= in_nm(values, columns().values(), pixel_size_nm)
    table = pd.DataFrame({name: values[name] for name in arranged(values)})
    text = [column.in_px for column in columns().values() if column.dimension == "text" and column.in_px in values]
    return table.astype(dict.fromkeys(text, object))


def with_pixel_size(table: "pd.DataFrame", pixel_size_nm: float | None) -> "pd.DataFrame":
    """Return a particle table with its lengths, areas and volumes in nm for a pixel size; None: without them.

    Masses are left out, as their density is not known here.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.particles import measure_particles, with_pixel_size
    >>> table = measure_particles(np.pad(np.ones((4, 6), int), 3))
    >>> with_pixel_size(table, 2.0)[["label", "area_px2", "area_nm2"]]
       label  area_px2  area_nm2
    0      1      24.0      96.0
    """
    stale = [column.in_px if column.dimension == "mass" else column.in_nm for column in columns().values()]
    bare = table.drop(columns=[name for name in stale if name in table])
    if pixel_size_nm is None:
        return bare
    wide = bare.assign(**in_nm({str(name): bare[name] for name in bare}, columns().values(), pixel_size_nm))
    others = [name for name in bare if name not in by_table_name()]
    return wide[[*others, *arranged(wide.columns.drop(others))]]


def _check(labels: npt.NDArray[Any], pixel_size_nm: float | None, intensity: npt.NDArray[Any] | None) -> None:
    if labels.ndim != 2:
        raise UserError(f"The labels have shape {labels.shape}; a 2D label image is needed.")
    if labels.dtype.kind not in "iu":
        raise UserError(
            f"The labels are of type {labels.dtype}; integer ids are needed.",
            "Label the connected regions of a mask first, for example with skimage.measure.label.",
        )
    if labels.size and labels.min() < 0:
        raise UserError(f"The smallest label is {labels.min()}; ids start at 1 and 0 is background.")
    if intensity is not None and intensity.shape != labels.shape:
        raise UserError(f"The labels have shape {labels.shape}, the image has {intensity.shape}; they must be equal.")
    if pixel_size_nm is not None and not (math.isfinite(pixel_size_nm) and pixel_size_nm > 0):
        raise UserError(f"The pixel size is {pixel_size_nm} nm; it must be above 0.")
