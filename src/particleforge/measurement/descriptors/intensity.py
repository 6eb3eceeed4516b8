"""Grey values inside particles."""

from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.measurement.descriptors.runs import Floats, Runs


def intensities(grey: npt.NDArray[Any], runs: Runs) -> dict[str, Floats]:
    """Columns ``mean_intensity, sd_intensity`` over the finite pixels of each particle; NaN where there is none."""
    values = grey.reshape(-1).astype(float)
    finite = np.isfinite(values)
    middle = values[finite].mean() if finite.any() else 0.0
    values = np.where(finite, values - middle, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        count = _sums(finite.astype(float), grey.shape[1], runs)
        mean = _sums(values, grey.shape[1], runs) / count
        variance = _sums(values**2, grey.shape[1], runs) / count - mean**2
    return {"mean_intensity": mean + middle, "sd_intensity": np.sqrt(np.maximum(variance, 0))}


def _sums(values: Floats, width: int, runs: Runs) -> Floats:
    """(n,) sum of the pixels of each particle."""
    if not len(runs.which):
        return np.zeros(len(runs.ids))
    bounds = np.stack([runs.y * width + runs.first, runs.y * width + runs.last + 1], axis=1).reshape(-1)
    return runs.sum(np.add.reduceat(np.append(values, 0.0), bounds)[::2])
