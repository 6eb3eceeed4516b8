"""Fréchet distance of what a given network makes of images: the FID, if that is Inception.

Heusel et al., GANs trained by a two time-scale update rule converge to a local Nash equilibrium, NeurIPS 2017.
"""

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.quality.described import Described
from particleforge.quality.distance import Between

TITLE = "Fréchet distance of the given network (FID)"
PLACE = 70


def between(one: Described, other: Described) -> Between | None:
    """Prepare the distance, with covariances as they are."""
    if "given" not in one.features:
        return None
    rows, rows_other = one.means("given"), other.means("given")

    def compute(times: Floats, times_other: Floats) -> Floats:
        return np.array([_fid(rows, rows_other, *each) for each in zip(times, times_other, strict=True)])

    return compute


def _fid(rows: Floats, rows_other: Floats, times: Floats, times_other: Floats) -> float:
    """Distance; the trace of the root of the product of two covariances is a sum of singular values."""
    (mean, own), (mean_other, others) = (_centred(*each) for each in ((rows, times), (rows_other, times_other)))
    roots = np.linalg.svd(own @ others.T, compute_uv=False).sum()
    return float(((mean - mean_other) ** 2).sum() + (own**2).sum() + (others**2).sum() - 2 * roots)


def _centred(rows: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Mean of the rows that count, and these less the mean; the sum of their products is the covariance."""
    kept, weights = rows[times > 0], times[times > 0]
    mean = weights @ kept / weights.sum()
    return mean, (kept - mean) * np.sqrt(weights / max(weights.sum() - 1, 1))[:, None]
