"""The truth about grains."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.recipes.grains.cells import Cells
from particleforge.recipes.grains.kernels import Ints

PHASES = ("matrix", "second phase")


def truth_table(cells: Cells, second: npt.NDArray[np.bool_], twins: Ints, pixel_size_nm: float) -> pd.DataFrame:
    """One row per grain of an image, numbered as `numbers` does.

    In addition to the usual columns: ``area_px`` up to the middle of the boundaries; ``neighbours``, the number of
    grains it has a boundary with, in the image; ``cut``, whether the frame cuts it; ``twins``, the number of its twins.

    Parameters
    ----------
    cells
        The grains.
    second, twins
        (n,) whether each grain is of the second phase, and the number of its twins.
    pixel_size_nm
        Side of a pixel.
    """
    there = np.flatnonzero(cells.areas_px)
    areas = cells.areas_px[there]
    rows, columns = np.indices(cells.shape, np.float32)
    y, x = (np.bincount(cells.own.ravel(), axis.ravel(), len(cells))[there] / areas for axis in (rows, columns))
    diameters = np.sqrt(4 * areas / np.pi)
    cut = np.zeros(len(cells), np.bool_)
    for side in (cells.own[0], cells.own[-1], cells.own[:, 0], cells.own[:, -1]):
        cut[side] = True
    return pd.DataFrame(
        {
            "label": np.arange(1, len(there) + 1, dtype=np.uint32),
            "class": np.array(PHASES)[second[there].astype(int)],
            "x_px": x,
            "y_px": y,
            "x_nm": (x + 0.5) * pixel_size_nm,
            "y_nm": (y + 0.5) * pixel_size_nm,
            "diameter_px": diameters,
            "diameter_nm": diameters * pixel_size_nm,
            "area_px": areas,
            "neighbours": neighbours(cells.own, len(cells))[there],
            "cut": cut[there],
            "twins": twins[there],
        }
    )


def numbers(cells: Cells) -> npt.NDArray[np.uint32]:
    """(n,) number of each grain from 1 on, of those in the image."""
    return np.cumsum(cells.areas_px > 0).astype(np.uint32)


def neighbours(cells: npt.NDArray[np.int32], count: int) -> Ints:
    """(count,) how many other cells adjoin each one along a side of a pixel."""
    touching = np.concatenate(
        [np.stack([a[a != b], b[a != b]]) for a, b in ((cells[1:], cells[:-1]), (cells[:, 1:], cells[:, :-1]))], axis=1
    ).astype(np.int64)
    pairs = np.unique(np.concatenate([touching[0] * count + touching[1], touching[1] * count + touching[0]]))
    return np.bincount(pairs // count, minlength=count)
