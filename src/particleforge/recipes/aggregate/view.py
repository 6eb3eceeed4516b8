"""Projection of an aggregate along z, as the microscope sees it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.outline import Outline
from particleforge.recipes.aggregate import kernels
from particleforge.recipes.aggregate.spheres import Floats, Spheres

ANGLES = 12
"""Number of rotations around the beam tried to fit an aggregate into the frame."""
CORNERS = 96
"""Number of corners of the outline of a sphere."""


@dataclass(frozen=True, eq=False)
class View:
    """Spheres in an image.

    Parameters
    ----------
    places_px
        (n, 2) centres y, x.
    heights_nm
        (n,) heights above the centre of the aggregate, towards the source.
    radii_px
        (n,) radii.
    shape
        Height and width of the image.
    pixel_size_nm
        Side of a pixel.
    """

    places_px: Floats
    heights_nm: Floats
    radii_px: Floats
    shape: tuple[int, int]
    pixel_size_nm: float


def view_of(spheres: Spheres, shape: tuple[int, int], pixel_size_nm: float) -> View:
    """Put an aggregate into the centre of a frame; rotate it around the beam if it then fits better."""
    flat, radii = spheres.positions_nm[:, :2] / pixel_size_nm, spheres.radii_nm / pixel_size_nm
    room = np.array(shape) - 1.0
    best, least = flat, np.inf
    for angle in np.pi / ANGLES * np.arange(ANGLES):
        turned = flat @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        low, high = (turned - radii[:, None]).min(0), (turned + radii[:, None]).max(0)
        beyond = float(np.maximum(high - low - room, 0).max())
        if beyond < least:
            best, least = turned + (room - low - high) / 2, beyond
        if beyond == 0:
            break
    return View(best, spheres.positions_nm[:, 2], radii, shape, pixel_size_nm)


def label(view: View) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Labels, with the sphere nearest to the source on top, and the number of pixels of each sphere's whole disc."""
    labels = np.zeros(view.shape, np.uint32)
    areas = np.zeros(len(view.radii_px), np.int64)
    order = np.argsort(view.heights_nm, kind="stable")
    kernels.draw_labels(labels, view.places_px, view.radii_px, order, areas)
    return labels, areas


def outlines(view: View, visible: Iterable[float]) -> tuple[Outline, ...]:
    """Whole outlines of the spheres, from their centres, radii and visible fractions; also of hidden ones."""
    turns = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = np.stack([np.sin(turns), np.cos(turns)], 1)
    spheres = zip(view.places_px, view.radii_px, visible, strict=True)
    return tuple(
        Outline(label, place + radius * circle, fraction) for label, (place, radius, fraction) in enumerate(spheres, 1)
    )


def truth_table(
    view: View,
    spheres: Spheres,
    names: tuple[str, ...],
    labels: npt.NDArray[np.uint32],
    areas: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """One row per sphere, including those that are completely hidden or outside the frame."""
    size, count = view.pixel_size_nm, len(spheres)
    rank = np.empty(count, int)
    rank[np.argsort(-view.heights_nm, kind="stable")] = np.arange(1, count + 1)
    visible = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return pd.DataFrame(
        {
            "label": np.arange(1, count + 1, dtype=np.uint32),
            "x_px": view.places_px[:, 1],
            "y_px": view.places_px[:, 0],
            "x_nm": view.places_px[:, 1] * size,
            "y_nm": view.places_px[:, 0] * size,
            "z_nm": view.heights_nm,
            "diameter_px": 2 * view.radii_px,
            "diameter_nm": 2 * spheres.radii_nm,
            "visible_fraction": visible / np.maximum(areas, 1),
            "rank": rank,
            "material": np.array(names)[spheres.materials],
            "cluster": spheres.clusters,
            "df_error": spheres.df_error,
        }
    )
