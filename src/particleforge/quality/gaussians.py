"""The squared Fréchet distance of two normal distributions."""

from __future__ import annotations

import numpy as np

from particleforge.measurement.arrays import Floats


def frechet(mean: Floats, covariance: Floats, mean_other: Floats, covariance_other: Floats) -> Floats:
    """Squared distance from means, (..., d), and covariances, (..., d, d).

    Dowson and Landau, J. Multivar. Anal. 12, 450 (1982). The trace of the root of the product of the covariances is
    that of the root of a symmetric matrix.
    """
    values, axes = np.linalg.eigh(covariance)
    root = axes * np.sqrt(np.maximum(values, 0))[..., None, :] @ axes.swapaxes(-1, -2)
    inner = np.linalg.eigvalsh(root @ covariance_other @ root)
    traces = np.trace(covariance + covariance_other, axis1=-2, axis2=-1)
    between = ((mean - mean_other) ** 2).sum(-1)
    return np.asarray(between + traces - 2 * np.sqrt(np.maximum(inner, 0)).sum(-1))


def shrunk(covariance: Floats, count: Floats) -> Floats:
    """Covariances, (..., d, d), of `count` rows, drawn towards a multiple of the identity.

    By the oracle approximating estimator of Chen, Wiesel, Eldar and Hero, IEEE Trans. Signal Process. 58, 5016 (2010).
    """
    size = covariance.shape[-1]
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    squares = (covariance**2).sum((-2, -1))
    above = (1 - 2 / size) * squares + trace**2
    below = (count + 1 - 2 / size) * (squares - trace**2 / size)
    share = np.where(below > above, above / np.where(below > 0, below, 1), 1.0)[..., None, None]
    return np.asarray((1 - share) * covariance + share * (trace / size)[..., None, None] * np.eye(size))
