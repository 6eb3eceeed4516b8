"""Number of particles needed for a wanted precision."""

import math


def particles_needed(gsd: float, half_width: float, p: float, q: float = 0, confidence: float = 0.95) -> int:
    r"""Return the number of particles for an interval of a moment mean computed from geometric mean and GSD.

    This assumes a log-normal distribution by number. Computed directly from the particles, means by volume need more.

    Parameters
    ----------
    gsd
        Geometric standard deviation by number.
    half_width
        Half-width of the interval relative to the value, for example 0.05.
    p, q
        The mean of :math:`d^p` over the distribution weighted by :math:`d^q`: p = 1, q = 0 for D[1,0]; p = 3, q = 0 for
        the mean volume; p = 1, q = 3 for D[4,3].
    confidence
        Share of intervals that contain the true value.

    Returns
    -------
    int
        :math:`n = u^2 p^2 s^2 (2 c^2 s^2 + 1) / \delta^2` with :math:`c = q + p/2`, :math:`s = \ln GSD`, u the normal
        quantile and :math:`\delta` the half-width.

    References
    ----------
    Masuda and Iinoya, J. Chem. Eng. Japan 4, 60 (1971); ISO 13322-1.
    """
    from scipy.special import ndtri

    u, s2, c = float(ndtri(0.5 + confidence / 2)), math.log(gsd) ** 2, q + p / 2
    return math.ceil(u**2 * p**2 * s2 * (2 * c**2 * s2 + 1) / half_width**2)


def more_needed(count: int, half_width: float, wanted: float) -> int:
    """Return how many more than `count` particles reduce a half-width to the wanted one, as the root of the count."""
    return max(0, math.ceil(count * (half_width / wanted) ** 2) - count)
