"""Initial values for a distribution of another kind."""

import math
from typing import Any

import numpy as np

from particleforge.draws import Distribution
from particleforge.errors import UserError
from particleforge.widgets.form.density import sampled
from particleforge.widgets.form.spec import Spec, start

SAMPLES = 999


def similar(cls: type[Distribution], spec: Spec, current: Any) -> Distribution:
    """Distribution of a kind with about the location of the current number or distribution, within the limits."""
    for data in (_data(cls, spec, current), {}):
        try:
            found = cls.parse(data)
        except UserError:
            continue
        if spec.accepts(found):
            return found
    return cls()


def middle(spec: Spec, current: Any) -> float:
    """Return a number in the middle of the current distribution; a starting number if there is none."""
    drawn = sampled(current, SAMPLES) if isinstance(current, Distribution) else None
    if drawn is not None:
        number = _round(float(np.median(drawn)))
        return number if spec.accepts(number) else float(np.clip(number, *spec.limits))
    return float(start(Spec(float, spec.marks)))


def _data(cls: type[Distribution], spec: Spec, current: Any) -> dict[str, Any]:
    """Values for those fields that the kind has."""
    low, mid, high = _reach(spec, current)
    data: dict[str, Any] = {"mean": mid, "median": mid, "scale": mid, "values": (low, mid, high)}
    names = cls.model_fields.keys()
    if "mean" in names:
        data |= {"sd": _round((high - low) / 4), "low": _finite(spec.limits[0]), "high": _finite(spec.limits[1])}
    else:
        data |= {"low": low, "high": high}
    if low > 0:
        data["gsd"] = max(1.0, _round((high / low) ** 0.25))
    if "parts" in names and isinstance(current, Distribution):
        data |= {"parts": (current,), "weights": (1.0,)}
    return {name: value for name, value in data.items() if name in names}


def _reach(spec: Spec, current: Any) -> tuple[float, float, float]:
    """Return low end, middle and high end."""
    drawn = sampled(current, SAMPLES) if isinstance(current, Distribution) else None
    if drawn is not None:
        low, mid, high = (float(number) for number in np.quantile(drawn, [0.02, 0.5, 0.98]))
        lowest, highest = current.support
        low = lowest if math.isfinite(lowest) else _round(low)
        return low, _round(mid), highest if math.isfinite(highest) else _round(high)
    mid = float(current) if isinstance(current, (int, float)) else float(start(Spec(float, spec.marks)))
    width = 0.2 * abs(mid) or 0.1
    low, high = np.clip([_round(mid - width), _round(mid + width)], *spec.limits)
    return float(low), mid, float(high)


def _round(number: float) -> float:
    return float(f"{number:.3g}")


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None
