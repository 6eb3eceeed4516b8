"""Readable numbers."""

import math
from collections.abc import Sequence

from particleforge.measurement.statistics.describe import Estimate


def digits(value: float | None) -> str:
    """Format with three significant digits, or more for a longer integer part; a dash if there is no value."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def interval(one: Estimate) -> str:
    """Limits in brackets, or nothing."""
    return "" if one.low is None or one.high is None else f"({digits(one.low)} to {digits(one.high)})"


def plural(count: int, noun: str) -> str:
    """Count and noun, for example "1 particle" or "2 particles"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """List the first names and count the others, for example "a, b and 3 more"."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
