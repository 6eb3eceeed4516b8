"""How far a deformation shifted the size distribution."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.errors import UserError
from particleforge.recipes.warp.particles import measure_particles
from particleforge.sample import Sample

QUANTITIES = ("diameter", "feret_max", "feret_min")


def size_changes(before: Sequence[Sample], after: Sequence[Sample]) -> pd.DataFrame:
    """Compare particle sizes before and after, per image and pooled.

    Parameters
    ----------
    before, after
        Samples in the same order. Ids of particles are kept by every deformation.

    Returns
    -------
    pandas.DataFrame
        Per sample, and for all together under the name ``pooled``, one row each for the equal-area diameter and
        the largest and smallest Feret diameter, in nm if every pixel size is known and in px otherwise
        (`quantity` contains the unit): particle counts, geometric mean (gm) and geometric standard deviation (gsd)
        before and after with their change in percent, particles that vanished, and particles in more pieces
        than before. Particles cut by the border count with their visible part. NaN where too few are left.

    Raises
    ------
    UserError
        If the numbers of samples before and after differ.
    """
    if len(before) != len(after):
        raise UserError(
            f"There are {len(before)} samples before and {len(after)} after.", "Pass one result for each sample."
        )
    sizes_nm = [sample.micrograph.square_pixel_size_nm for sample in (*before, *after)]
    unit = "px" if None in sizes_nm else "nm"
    tables = [
        _measured(sample, 1.0 if unit == "px" else float(size or 1))
        for sample, size in zip((*before, *after), sizes_nm, strict=True)
    ]
    pairs = list(zip(tables[: len(before)], tables[len(before) :], strict=True))
    rows = [
        row
        for sample, (old, new) in zip(before, pairs, strict=True)
        for row in _rows(sample.name, unit, old, new, _losses(old, new))
    ]
    if pairs:
        old, new = (pd.concat(column, ignore_index=True) for column in zip(*pairs, strict=True))
        losses = np.sum([_losses(*pair) for pair in pairs], axis=0)
        rows += _rows("pooled", unit, old, new, (int(losses[0]), int(losses[1])))
    return pd.DataFrame(rows)


def _measured(sample: Sample, factor: float) -> pd.DataFrame:
    table = measure_particles(sample.labels)
    sizes = table[[f"{name}_px" for name in QUANTITIES]].to_numpy() * factor
    return pd.DataFrame(sizes, columns=list(QUANTITIES)).assign(label=table["label"], pieces=table["pieces"])


def _losses(old: pd.DataFrame, new: pd.DataFrame) -> tuple[int, int]:
    """Count particles that vanished and particles that were torn apart."""
    both = old.merge(new, on="label", suffixes=("_old", "_new"))
    return len(old) - len(both), int((both["pieces_new"] > both["pieces_old"]).sum())


def _rows(name: str, unit: str, old: pd.DataFrame, new: pd.DataFrame, losses: tuple[int, int]) -> list[dict[str, Any]]:
    rows = []
    for quantity in QUANTITIES:
        row: dict[str, Any] = {"sample": name, "quantity": f"{quantity}_{unit}"}
        row |= {"count_before": len(old), "count_after": len(new)}
        spread = [_geometric(table[quantity].to_numpy()) for table in (old, new)]
        for what, (first, second) in zip(("gm", "gsd"), zip(*spread, strict=True), strict=True):
            row |= {f"{what}_before": first, f"{what}_after": second}
            row[f"{what}_change_percent"] = 100 * (second / first - 1)
        rows.append(row | {"vanished": losses[0], "torn": losses[1]})
    return rows


def _geometric(sizes: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Geometric mean and geometric standard deviation."""
    logs = np.log(sizes)
    mean = float(np.exp(logs.mean())) if len(logs) else float("nan")
    return mean, float(np.exp(logs.std(ddof=1))) if len(logs) > 1 else float("nan")
