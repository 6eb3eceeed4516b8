"""Grey values inside particles."""

from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.column import Column
from particleforge.runs import Runs

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column(
        "mean_intensity",
        "intensity",
        "mean grey value",
        "Over the pixels with finite values; needs an image.",
        place=230,
    ),
    Column("sd_intensity", "intensity", "spread of grey values", "Standard deviation over the same pixels.", place=231),
)
TOGETHER = True


def compute(particles: "Particles") -> dict[str, Floats]:
    """Over the finite pixels of each particle, NaN if it has none; nothing if there is no image."""
    grey, runs = particles.intensity, particles.runs
    if grey is None:
        return {}
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
