"""Sizes of the particles of a label image, and the truth table of a warped sample."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import ConvexHull
from skimage.measure import label as connected_pieces

from particleforge.sample import Sample

Labels: TypeAlias = npt.NDArray[np.uint32]
Ints: TypeAlias = npt.NDArray[np.intp]

CARRIED = ("class", "material", "cluster")
"""Columns of the truth table that no deformation changes."""


@dataclass(frozen=True, eq=False)
class _Runs:
    """Row-wise runs of equal labels above 0: row, first column, column after the last, label."""

    row: Ints
    first: Ints
    end: Ints
    label: Labels

    @classmethod
    def of(cls, labels: Labels) -> "_Runs":
        """Find the runs of a (Y, X) label image."""
        height, width = labels.shape
        edge = np.ones((height, width + 1), bool)
        np.not_equal(labels[:, 1:], labels[:, :-1], out=edge[:, 1:-1])
        row, column = np.nonzero(edge)
        inside = column[:-1] < width
        row, first, end = row[:-1][inside], column[:-1][inside], column[1:][inside]
        label = labels[row, first]
        kept = label > 0
        return cls(row[kept], first[kept], end[kept], label[kept])


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
    runs = _Runs.of(labels)
    ids, which = np.unique(runs.label, return_inverse=True)
    length = runs.end - runs.first
    area = np.bincount(which, length, len(ids))
    ferets = _ferets(runs, which, len(ids))
    return pd.DataFrame(
        {
            "label": ids,
            "x_px": np.bincount(which, length * (runs.first + runs.end - 1) / 2, len(ids)) / area,
            "y_px": np.bincount(which, length * runs.row, len(ids)) / area,
            "area_px": area,
            "diameter_px": np.sqrt(4 * area / np.pi),
            "feret_max_px": ferets[:, 0],
            "feret_min_px": ferets[:, 1],
            "pieces": _pieces(labels, runs, which, len(ids)),
        }
    )


def _ferets(runs: _Runs, which: Ints, count: int) -> npt.NDArray[np.float64]:
    """(count, 2) largest and smallest distance between parallel tangents; the ends of runs span the hull."""
    corners = np.stack(
        [np.stack([runs.row + dy, column], -1) for dy in (0, 1) for column in (runs.first, runs.end)], axis=1
    )
    order = np.argsort(which, kind="stable")
    groups = np.split(corners[order], np.cumsum(np.bincount(which, minlength=count))[:-1]) if count else []
    result = np.empty((count, 2))
    for i, points in enumerate(groups):
        hull = ConvexHull(points.reshape(-1, 2))
        outline = hull.points[hull.vertices]
        reach = outline @ hull.equations[:, :2].T
        between = outline[:, None] - outline
        result[i] = np.sqrt((between**2).sum(-1).max()), (reach.max(0) - reach.min(0)).min()
    return result


def _pieces(labels: Labels, runs: _Runs, which: Ints, count: int) -> npt.NDArray[np.int64]:
    """Count the 8-connected pieces of each particle."""
    dense = np.zeros(labels.shape, np.int64)
    dense[labels > 0] = np.repeat(which + 1, runs.end - runs.first)
    piece = connected_pieces(dense, connectivity=2)[  # type: ignore[no-untyped-call]
        runs.row, runs.first
    ]
    _, one_run = np.unique(piece, return_index=True)
    return np.bincount(which[one_run], minlength=count)


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
    table["visible_fraction"] = _areas(source.labels[seen], ids) / _areas(source.labels, ids)
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


def _areas(labels: Labels, ids: Labels) -> npt.NDArray[np.int64]:
    """Count the pixels of each of some sorted ids."""
    runs = _Runs.of(labels)
    wanted = np.isin(runs.label, ids)
    length = (runs.end - runs.first)[wanted]
    return np.bincount(np.searchsorted(ids, runs.label[wanted]), length, len(ids)).astype(np.int64)
