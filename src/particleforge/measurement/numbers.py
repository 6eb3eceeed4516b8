"""Numbers as text, with the digits that they bear."""

import math


def digits(value: float | None) -> str:
    """Format with three significant digits, or more for a longer integer part; a dash if there is no value."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def with_limits(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """Format a value and its interval to the digits that the interval bears.

    Half the width of the interval keeps two digits if they are below 36, otherwise one, as is the rule of the
    Particle Data Group for uncertainties; limits above 0 keep at least one digit.

    Returns
    -------
    value, limits
        The limits in brackets, empty if there are none; the value has three digits then.

    Examples
    --------
    >>> from particleforge.measurement.numbers import with_limits
    >>> with_limits(31.3127, 30.184, 32.377), with_limits(23.86, 15.2, 41.0), with_limits(5.0, None, None)
    (('31.3', '(30.2 to 32.4)'), ('24', '(15 to 41)'), ('5.00', ''))
    """
    if value is None or low is None or high is None or not math.isfinite(value + low + high):
        return digits(value), ""
    if high <= low:
        return digits(value), f"({digits(low)} to {digits(high)})"
    half = (high - low) / 2
    first = math.floor(math.log10(half))
    decimals = (1 if half < 3.55 * 10.0**first else 0) - first
    if low > 0:
        decimals = max(decimals, -math.floor(math.log10(low)))
    most = max(abs(low), abs(high))
    decimals = min(decimals, 5 - math.floor(math.log10(most)))
    shown, least, largest = (f"{round(one, decimals):.{max(decimals, 0)}f}" for one in (value, low, high))
    return shown, f"({least} to {largest})"
