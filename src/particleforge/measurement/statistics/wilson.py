"""Interval of a share."""

import math


def wilson(share: float, count: float, confidence_percent: float = 95.0) -> tuple[float, float]:
    """Score interval of a share of independent cases (Wilson, J. Am. Stat. Assoc. 22, 209, 1927).

    Parameters
    ----------
    share
        The share.
    count
        Number of cases; (nan, nan) without any.
    confidence_percent
        Confidence of the interval.

    Examples
    --------
    >>> from particleforge.measurement.statistics.wilson import wilson
    >>> [round(bound, 2) for bound in wilson(0.91, 53)]
    [0.8, 0.96]
    """
    from scipy.special import ndtri

    if not count:
        return math.nan, math.nan
    z = float(ndtri(0.5 + confidence_percent / 200))
    centre, scale = share + z**2 / (2 * count), 1 + z**2 / count
    half = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return (centre - half) / scale, (centre + half) / scale
