"""Statistics of particle size."""

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

BORDER_RULE = "keep all"
"""Particles that touch the border count like all others."""


def summarize(table: pd.DataFrame) -> dict[str, Any]:
    """Summarise the equal-area diameters of a particle table.

    Parameters
    ----------
    table
        As `measure_particles` gives it, also of several images one after the other.

    Returns
    -------
    dict
        Plain data for JSON: ``count``, ``touching_border``, ``border_rule``, and under ``px`` and ``nm`` what
        `size_statistics` gives. ``nm`` is None unless the pixel size of every particle is known.
    """
    in_nm = table["ecd_nm"].to_numpy(float) if "ecd_nm" in table else None
    return {
        "count": len(table),
        "touching_border": int(table["touches_border"].sum()),
        "border_rule": BORDER_RULE,
        "px": size_statistics(table["ecd_px"].to_numpy(float)),
        "nm": None if in_nm is None or np.isnan(in_nm).any() else size_statistics(in_nm),
    }


def size_statistics(diameters: npt.NDArray[np.float64]) -> dict[str, Any]:
    r"""Statistics of diameters above zero, in their unit.

    Parameters
    ----------
    diameters
        (n,) diameters d.

    Returns
    -------
    dict
        ``mean`` (arithmetic), ``geometric_mean`` and ``gsd`` (:math:`\exp` of mean and sample standard deviation of
        :math:`\ln d`, n - 1), ``d10, d50, d90`` (number-weighted, linear between the sorted diameters),
        ``lognormal`` (``median`` and ``gsd`` of largest likelihood, so n instead of n - 1),
        ``volume_d50`` (half of :math:`\sum d^3` is in particles up to this diameter) and
        ``sauter_d32`` (:math:`\sum d^3 / \sum d^2`).
        None for what cannot be said: all for n = 0; every measure of width and D10 and D90 for n = 1.
    """
    d, n = np.asarray(diameters, float), len(diameters)
    some, several = n > 0, n > 1
    log = np.log(d)
    median = math.exp(log.mean()) if some else None
    d10, d50, d90 = np.quantile(d, (0.1, 0.5, 0.9)).tolist() if some else (None, None, None)
    return {
        "mean": float(d.mean()) if some else None,
        "geometric_mean": median,
        "gsd": math.exp(log.std(ddof=1)) if several else None,
        "d10": d10 if several else None,
        "d50": d50,
        "d90": d90 if several else None,
        "lognormal": {"median": median if several else None, "gsd": math.exp(log.std()) if several else None},
        "volume_d50": float(np.quantile(d, 0.5, weights=d**3, method="inverted_cdf")) if some else None,
        "sauter_d32": float((d**3).sum() / (d**2).sum()) if some else None,
    }


def size_unit(median_nm: float) -> tuple[Literal["nm", "um", "mm"], float]:
    """Length unit in which a median reads well.

    Parameters
    ----------
    median_nm
        A typical length.

    Returns
    -------
    unit, factor
        A length in nm times `factor` is in `unit`.
    """
    if median_nm < 1e3:
        return "nm", 1.0
    return ("um", 1e-3) if median_nm < 1e6 else ("mm", 1e-6)
