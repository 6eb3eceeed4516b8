"""Sizes of the particles of a label image, and the truth table of a warped sample."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import ConvexHull

from particleforge.pieces import largest_pieces
from particleforge.runs import Runs, runs
from particleforge.sample import Sample

Labels: TypeAlias = npt.NDArray[np.uint32]

CARRIED = ("class", "material", "cluster")
"""Columns of the truth table that no deformation changes."""


def measure_particles(labels: Labels) -> pd.DataFrame:
    """Measure every particle of a label image.

    Parameters
    ----------
    labels
        (Y, X) uint32 instance ids of any height.

    Returns
    -------
    pandas.DataFrame
        One row per id: label, x_px and y_px (centroid, pixel centres at whole numbers), area_px, diameter_px
        (equal area), feret_max_px and feret_min_px (convex hull of the pixels' corners), pieces (8-connected).
    """
    every = runs(labels)
    area = every.sum(every.length)
    ferets = _ferets(every)
    return pd.DataFrame(
        {
            "label": every.ids.astype(labels.dtype),
            "x_px": every.sum(every.length * (every.first + every.last) / 2) / area,
            "y_px": every.sum(every.length * every.y) / area,
            "area_px": area,
            "diameter_px": np.sqrt(4 * area / np.pi),
            "feret_max_px": ferets[:, 0],
            "feret_min_px": ferets[:, 1],
            "pieces": largest_pieces(labels).count,
        }
    )


def _ferets(every: Runs) -> npt.NDArray[np.float64]:
    """(n, 2) largest and smallest distance between parallel tangents; the ends of runs span the hull."""
    count = len(every.ids)
    corners = np.stack(
        [np.stack([every.y + dy, column], -1) for dy in (0, 1) for column in (every.first, every.last + 1)], axis=1
    )
    order = np.argsort(every.which, kind="stable")
    groups = np.split(corners[order], np.cumsum(np.bincount(every.which, minlength=count))[:-1]) if count else []
    result = np.empty((count, 2))
    for i, points in enumerate(groups):
        hull = ConvexHull(points.reshape(-1, 2))
        outline = hull.points[hull.vertices]
        reach = outline @ hull.equations[:, :2].T
        between = outline[:, None] - outline
        result[i] = np.sqrt((between**2).sum(-1).max()), (reach.max(0) - reach.min(0)).min()
    return result


def median_diameter_px(labels: Labels) -> float | None:
    """Median equal-area diameter of the particles, or None without particles."""
    areas = np.unique(labels[labels > 0], return_counts=True)[1]
    return float(np.sqrt(4 * np.median(areas) / np.pi)) if len(areas) else None


def warped_truth(source: Sample, labels: Labels, seen: tuple[slice, slice]) -> pd.DataFrame:
    """Truth of a warped sample: one row per particle that is still present.

    Parameters
    ----------
    source
        The sample before; class, material, cluster and visible fraction are carried over from its truth.
    labels
        (Y, X) warped labels.
    seen
        Rows and columns of the source that the result shows.

    Returns
    -------
    pandas.DataFrame
        Sizes are those of the visible part. `pieces` above 1: torn apart, or cut into pieces by the frame.
    """
    table = measure_particles(labels).drop(columns="area_px")
    ids = table["label"].to_numpy()
    table["visible_fraction"] = seen_fractions(source.labels, ids, seen)
    if source.truth is not None:
        old = source.truth.set_index("label").reindex(ids)
        for name in CARRIED:
            if name in old:
                table[name] = old[name].to_numpy()
        if "visible_fraction" in old:
            table["visible_fraction"] *= old["visible_fraction"].to_numpy()
    table["source"] = [f"{source.name}#{i}" for i in ids]
    size_nm = source.micrograph.square_pixel_size_nm
    if size_nm is not None:
        for name in ("x", "y", "diameter", "feret_max", "feret_min"):
            table[f"{name}_nm"] = table[f"{name}_px"] * size_nm
    return table


def seen_fractions(labels: Labels, ids: Labels, seen: tuple[slice, slice]) -> npt.NDArray[np.float64]:
    """Share of the pixels of each of some sorted ids that lies in a window."""
    return np.asarray(_areas(labels[seen], ids) / _areas(labels, ids))


def _areas(labels: Labels, ids: Labels) -> npt.NDArray[np.int64]:
    """Count the pixels of each of some sorted ids."""
    every = runs(labels)
    area = np.zeros(len(ids), np.int64)
    wanted = np.isin(every.ids, ids)
    area[np.searchsorted(ids, every.ids[wanted])] = every.sum(every.length)[wanted]
    return area
