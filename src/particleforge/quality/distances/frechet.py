"""Fréchet distance of texture and network, on principal components and with shrunk covariances."""

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.quality.described import REDUCED, Described
from particleforge.quality.distance import Between
from particleforge.quality.gaussians import frechet, shrunk

TITLE = "Fréchet distance of texture and network"
PLACE = 60


def between(one: Described, other: Described) -> Between:
    """Prepare the distance."""
    moments = [_moments(each) for each in (one, other)]

    def compute(times: Floats, times_other: Floats) -> Floats:
        means, covariances = zip(
            *(_gaussian(*own, of) for own, of in zip(moments, (times, times_other), strict=True)), strict=True
        )
        return frechet(means[0], covariances[0], means[1], covariances[1])

    return compute


def _moments(one: Described) -> tuple[Floats, Floats]:
    """(n, d) mean and (n, d, d) mean product of the rows of each image."""
    return one.means(REDUCED), np.stack([rows.T @ rows / len(rows) for rows in one.features[REDUCED]])


def _gaussian(means: Floats, products: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Means and shrunk covariances of resamples; rows of one image count as one for the shrinkage."""
    shares = times / times.sum(1, keepdims=True)
    middle = shares @ means
    size = means.shape[1]
    spread = (shares @ products.reshape(len(products), -1)).reshape(-1, size, size)
    count = 1 / (shares**2).sum(1)
    return middle, shrunk(spread - middle[:, :, None] * middle[:, None, :], count)
