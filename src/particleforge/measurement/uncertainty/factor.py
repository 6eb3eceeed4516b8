"""The factor between standard and expanded uncertainty."""

_USUAL_PERCENT, _USUAL = 95.0, 2.0


def coverage_factor(confidence_percent: float) -> float:
    """Return the factor k of an expanded uncertainty: 2 at 95 %, otherwise the quantile of the normal distribution.

    Source: JCGM 100:2008, 6.3.3.

    Examples
    --------
    >>> from particleforge.measurement.uncertainty.factor import coverage_factor
    >>> coverage_factor(95), round(coverage_factor(90), 3)
    (2.0, 1.645)
    """
    if confidence_percent == _USUAL_PERCENT:
        return _USUAL
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence_percent / 200))
