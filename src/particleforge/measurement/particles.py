r"""One row per particle from a label image.

Columns of a particle table:

``image, label``
    Where the particle is from.
``class``
    What its outline is called; see `ShapeRule`.
``x_px, y_px``
    Centroid; 0 is the centre of the first pixel.
``ecd_px``
    Diameter of the circle of equal area, :math:`\sqrt{4A/\pi}`.
``area_px2``
    Number of pixels A.
``perimeter_px``
    P by Crofton's formula in four directions,
    :math:`\frac{\pi}{4}\left(n_0 + n_{90} + (n_{45} + n_{135})/\sqrt{2}\right)` with n the number of
    chords of the particle along all pixel lines of that direction. Without bias over random
    orientations; a straight side along the pixel grid is 5 % too short. Includes inner outlines.
``feret_max_px, feret_min_px``
    Largest and smallest caliper width of the convex hull of the pixel centres, taken half a lattice line
    further out: a side along the lattice vector (p, q), p and q without common divisor, has the next lattice
    line at the distance :math:`1/\sqrt{p^2 + q^2}`, and the outline lies between the two. The largest is taken
    between the corners so moved, by half a pixel at most.
``feret_mean_px``
    Mean caliper width over all directions: perimeter of that hull over :math:`\pi`.
``feret_90_px``
    Caliper width at a right angle to the largest.
``rectangle_length_px, rectangle_width_px``
    Sides of the rectangle of least area around that hull.
``ellipse_major_px, ellipse_minor_px, orientation_deg``
    Axes of the ellipse of equal second moments of the pixel centres, :math:`4\sqrt{\lambda}`, as in
    scikit-image. The angle is that of the major axis, from the direction of rows (down) counter-clockwise, -90
    to 90; NaN where no axis is longer, as for a single pixel.
``inscribed_px``
    Diameter of the largest circle inside: twice the largest distance of a pixel to the nearest one outside,
    ``feret_min_px`` at most.
``enclosing_px``
    Diameter of the smallest circle around the hull of the Feret diameters.
``fibre_length_px``
    Length l of the rod with half-circle ends, straight or bent, of this area and perimeter:
    :math:`l = (P - \pi w)/2 + w` with the width :math:`w = (P - \sqrt{P^2 - 4\pi A})/\pi`.
``volume_px3, ved_px``
    Volume by the model chosen in `rules`, and the diameter of the sphere of that volume.
``neighbour_px``
    Distance to the nearest other centroid.
``box_width_px, box_height_px``
    Sides of the box along columns and rows.
``aspect_ratio, ellipse_aspect_ratio``
    ``feret_max_px / feret_min_px`` and the same of the axes of the ellipse, 1 or above; NaN for an ellipse
    without width.
``circularity``
    :math:`4\pi A/P^2`; small particles can exceed 1.
``roundness``
    :math:`4A/(\pi F_{max}^2)` with the largest Feret diameter.
``solidity``
    A over the number of pixel centres inside or on the convex hull of the pixel centres; exactly 1 for a
    rasterised convex shape, unlike definitions by pixel corners.
``convexity``
    :math:`\pi \bar F/P` with the mean Feret diameter; about 1 for a convex shape.
``extent``
    A over the area of the box.
``curl``
    :math:`l/F_{max} - 1`, for fibres: 0 where straight.
``touches_border``
    True where a pixel lies in the first or last row or column of what shows the specimen.
``weight``
    How much the particle counts in a distribution; see `Rules`.
``score``
    From `scores`.
``mean_intensity, sd_intensity``
    Over the pixels of finite value, with `intensity` only.
``*_nm``, ``area_nm2``, ``volume_nm3``
    All lengths, area and volume, with `pixel_size_nm` only.

Descriptors of shape follow ISO 9276-6:2008, Descriptive and quantitative representation of particle shape and
morphology.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.errors import UserError
from particleforge.measurement.descriptors.circles import enclosing, inscribed
from particleforge.measurement.descriptors.feret import ferets
from particleforge.measurement.descriptors.hull import hull_pixels, hulls
from particleforge.measurement.descriptors.intensity import intensities
from particleforge.measurement.descriptors.moments import moments
from particleforge.measurement.descriptors.neighbours import nearest
from particleforge.measurement.descriptors.perimeter import fibre_length, perimeter
from particleforge.measurement.descriptors.runs import Runs, runs
from particleforge.measurement.rules import Rules

LENGTHS = (
    "x",
    "y",
    "ecd",
    "perimeter",
    "feret_max",
    "feret_min",
    "feret_mean",
    "feret_90",
    "rectangle_length",
    "rectangle_width",
    "ellipse_major",
    "ellipse_minor",
    "inscribed",
    "enclosing",
    "fibre_length",
    "ved",
    "neighbour",
)
"""Lengths of a particle; the table has each in px and, where the pixel size is known, in nm."""
PIXEL_COLUMNS = (
    "image",
    "label",
    "class",
    "x_px",
    "y_px",
    "ecd_px",
    "area_px2",
    "perimeter_px",
    "feret_max_px",
    "feret_min_px",
    "feret_mean_px",
    "feret_90_px",
    "rectangle_length_px",
    "rectangle_width_px",
    "ellipse_major_px",
    "ellipse_minor_px",
    "inscribed_px",
    "enclosing_px",
    "fibre_length_px",
    "volume_px3",
    "ved_px",
    "neighbour_px",
    "box_width_px",
    "box_height_px",
    "aspect_ratio",
    "ellipse_aspect_ratio",
    "circularity",
    "roundness",
    "solidity",
    "convexity",
    "extent",
    "curl",
    "orientation_deg",
    "touches_border",
    "weight",
    "score",
)
"""Columns of every particle table, in this order."""
INTENSITY_COLUMNS = ("mean_intensity", "sd_intensity")
"""Columns that follow where there is an image."""
NM_COLUMNS = (*(f"{name}_nm" for name in LENGTHS), "area_nm2", "volume_nm3")
"""Columns that follow where the pixel size is known."""


def measure_particles(
    labels: npt.NDArray[Any],
    *,
    image: str = "",
    pixel_size_nm: float | None = None,
    intensity: npt.NDArray[Any] | None = None,
    scores: Mapping[int, float] | None = None,
    rules: Rules = Rules(),
    rows: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """Measure every particle of a label image.

    All pixels of one id are one particle, also where they lie in several pieces.

    Parameters
    ----------
    labels
        (Y, X) ids of any integer type, 0 = background. They need not follow each other.
    image
        What to write into the column ``image``.
    pixel_size_nm
        Side of the square pixels, or None where unknown: then there are no columns in nm.
    intensity
        (Y, X) grey values for ``mean_intensity`` and ``sd_intensity``, or None: then there are no such columns.
    scores
        Score by id; ids without one get NaN.
    rules
        What counts, the model of the volume and the classes of shape.
    rows
        Rows that show the specimen: first, and the one after the last. The border is there; None: all do.

    Returns
    -------
    pandas.DataFrame
        One row per id, by rising id, with the columns of this module's description.

    Raises
    ------
    UserError
        If `labels` is not 2D, not of integers or has negative ids, if `intensity` has another shape, or if the pixel
        size is not above zero.
    """
    _check(labels, pixel_size_nm, intensity)
    lines = runs(labels)
    first, stop = rows or (0, len(labels))
    columns = _columns(labels, lines, rules, (first, stop))
    within = columns | {"y_px": columns["y_px"] - first}
    columns["weight"] = rules.weights(within, (stop - first, labels.shape[1]))
    given = scores or {}
    columns["score"] = np.array([given.get(label, math.nan) for label in lines.ids.tolist()], float)
    columns |= {} if intensity is None else intensities(intensity, lines)
    names = [*PIXEL_COLUMNS, *(INTENSITY_COLUMNS if intensity is not None else ())]
    if pixel_size_nm is not None:
        columns |= {f"{name}_nm": columns[f"{name}_px"] * pixel_size_nm for name in LENGTHS}
        columns["area_nm2"] = columns["area_px2"] * pixel_size_nm**2
        columns["volume_nm3"] = columns["volume_px3"] * pixel_size_nm**3
        names += NM_COLUMNS
    columns["image"] = np.full(len(lines.ids), image, object)
    table = pd.DataFrame({name: columns[name] for name in names})
    return table.astype({"image": object, "class": object})


def _check(labels: npt.NDArray[Any], pixel_size_nm: float | None, intensity: npt.NDArray[Any] | None) -> None:
    if labels.ndim != 2:
        raise UserError(f"The labels have shape {labels.shape}; a 2D label image is needed.")
    if labels.dtype.kind not in "iu":
        raise UserError(
            f"The labels are of type {labels.dtype}; integer ids are needed.",
            "Label the connected regions of a mask first, such as with skimage.measure.label.",
        )
    if labels.size and labels.min() < 0:
        raise UserError(f"The smallest label is {labels.min()}; ids start at 1 and 0 is background.")
    if intensity is not None and intensity.shape != labels.shape:
        raise UserError(f"The labels have shape {labels.shape}, the image {intensity.shape}; they must be equal.")
    if pixel_size_nm is not None and not (math.isfinite(pixel_size_nm) and pixel_size_nm > 0):
        raise UserError(f"The pixel size is {pixel_size_nm} nm; it must be above 0.")


def _columns(labels: npt.NDArray[Any], lines: Runs, rules: Rules, rows: tuple[int, int]) -> dict[str, npt.NDArray[Any]]:
    """All that is measured in pixels, but for weight and score."""
    hull = hulls(lines)
    columns: dict[str, npt.NDArray[Any]] = {"label": lines.ids, **moments(lines), **ferets(hull)}
    area, longest = columns["area_px2"], columns["feret_max_px"]
    outline = columns["perimeter_px"] = perimeter(labels, lines.ids)
    columns |= _boxes(lines, rows, labels.shape[1])
    columns["ecd_px"] = np.sqrt(4 * area / math.pi)
    columns["inscribed_px"] = np.minimum(inscribed(labels, lines), columns["feret_min_px"])
    columns["enclosing_px"] = enclosing(hull)
    columns["fibre_length_px"] = fibre_length(area, outline)
    columns["neighbour_px"] = nearest(columns["x_px"], columns["y_px"])
    columns["volume_px3"] = rules.volume.volume(columns)
    columns["ved_px"] = np.cbrt(6 / math.pi * columns["volume_px3"])
    columns["aspect_ratio"] = longest / columns["feret_min_px"]
    minor = columns["ellipse_minor_px"]
    columns["ellipse_aspect_ratio"] = columns["ellipse_major_px"] / np.where(minor > 0, minor, math.nan)
    columns["circularity"] = 4 * math.pi * area / outline**2
    columns["roundness"] = 4 * area / (math.pi * longest**2)
    columns["solidity"] = area / hull_pixels(hull)
    columns["convexity"] = math.pi * columns["feret_mean_px"] / outline
    columns["extent"] = area / (columns["box_width_px"] * columns["box_height_px"])
    columns["curl"] = columns["fibre_length_px"] / longest - 1
    columns["class"] = rules.shape.classify(columns)
    return columns


def _boxes(lines: Runs, rows: tuple[int, int], width: int) -> dict[str, npt.NDArray[Any]]:
    top, bottom, left, right = lines.boxes()
    return {
        "box_height_px": bottom - top + 1,
        "box_width_px": right - left + 1,
        "touches_border": (top <= rows[0]) | (bottom >= rows[1] - 1) | (left == 0) | (right == width - 1),
    }
