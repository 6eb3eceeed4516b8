"""The figures of a particle table that go into a summary."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.in_pieces import in_pieces
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.describe import Description, Estimate, describe
from particleforge.measurement.statistics.figures import NAMES, size_figures
from particleforge.measurement.statistics.sizes import Sizes

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.uncertainty.uncertainty import Uncertainty


@dataclass(frozen=True)
class SizeDistribution:
    """A size distribution by number in a few figures, each with its interval.

    Parameters
    ----------
    unit
        Unit of all lengths: ``nm`` or ``px``.
    count
        Number of particles that count.
    geometric_mean, gsd
        Geometric mean and geometric standard deviation.
    d10, d50, d90
        Sizes below which 10, 50 and 90 % of the particles lie.
    description
        All other figures: by length, area and volume, moments, fits.
    """

    unit: str
    count: int
    geometric_mean: Estimate
    gsd: Estimate
    d10: Estimate
    d50: Estimate
    d90: Estimate
    description: Description


def size_distribution(table: "pd.DataFrame", size: str = "ecd", precision: Precision = Precision()) -> SizeDistribution:
    """Describe the sizes of measured particles, in nm where the pixel size of all is known.

    Parameters
    ----------
    table
        As returned by `measure_particles`; tables of several images can be concatenated.
    size
        Column used as the size.
    precision
        Precision of the intervals.

    Raises
    ------
    UserError
        If there is no such size.

    Examples
    --------
    >>> import numpy as np
    >>> from particleforge.measurement.distribution import size_distribution
    >>> from particleforge.measurement.particles import measure_particles
    >>> labels = np.kron(np.arange(1, 26).reshape(5, 5), np.pad(np.ones((6, 6), int), 2))
    >>> found = size_distribution(measure_particles(labels, pixel_size_nm=2.0))
    >>> found.count, f"{found.geometric_mean.value:.2f} {found.unit}"
    (25, '13.54 nm')
    """
    description = describe(Sizes.of(table, Rules.parse({"size": size})), precision)
    by_number = description.figures["number"]
    named = {name: by_number[name] for name in ("geometric_mean", "gsd", "d10", "d50", "d90")}
    return SizeDistribution(description.unit, description.count, **named, description=description)


def summarize(
    table: "pd.DataFrame", rules: Rules = Rules(), uncertainty: "Uncertainty | None" = None
) -> dict[str, Any]:
    """Summarise the sizes of a particle table.

    Parameters
    ----------
    table
        As returned by `measure_particles`; tables of several images can be concatenated.
    rules
        The rules with which the table was made.
    uncertainty
        Uncertainty of the figures, for the intervals.

    Returns
    -------
    dict
        Plain data for JSON: ``count``, ``counted`` (particles whose weight is above zero), ``touching_border``,
        ``in_pieces`` (labels in several pieces), ``divided`` (those with more than stray pixels outside the largest
        piece), ``border_rule``, ``size`` (the column), and under ``px`` and ``nm`` the result of `size_statistics`.
        ``nm`` is None unless the pixel size of every particle is known. With `uncertainty`, ``intervals``: lower and
        upper limit of the geometric mean, the GSD, D10, D50 and D90 in nm if known, otherwise in px, and of the count;
        and ``uncertainty``, their budgets as `Uncertainty.plain` gives them.
    """
    needed = [name for name in ("weight", f"{rules.size}_px", f"{rules.size}_nm") if name in table]
    counted = table.loc[table["weight"] > 0, needed]
    weights = counted["weight"].to_numpy(float)
    nm = counted.get(f"{rules.size}_nm")
    summary: dict[str, Any] = {
        "count": len(table),
        "counted": len(counted),
        "touching_border": int(table["touches_border"].sum()),
        **dict(zip(("in_pieces", "divided"), in_pieces(table), strict=True)),
        "border_rule": rules.border.kind,
        "size": rules.size,
        "px": size_statistics(counted[f"{rules.size}_px"].to_numpy(float), weights),
        "nm": None if nm is None or nm.isna().any() else size_statistics(nm.to_numpy(float), weights),
    }
    if uncertainty is not None:
        summary |= {"intervals": uncertainty.intervals, "uncertainty": uncertainty.plain()}
    return summary


def size_statistics(diameters: Floats, weights: Floats | None = None) -> dict[str, Any]:
    r"""Statistics of diameters above zero, in their unit.

    Parameters
    ----------
    diameters
        (n,) diameters d.
    weights
        (n,) how much each counts; None: all equally.

    Returns
    -------
    dict
        By number ``mean``, ``geometric_mean``, ``gsd``, ``d10, d50, d90``, ``span``, ``mode`` and ``skewness``, by
        volume ``volume_d10, volume_d50, volume_d90``, and ``sauter_d32``, all as in
        `particleforge.measurement.statistics.figures.size_figures`; and ``lognormal``, ``median`` and ``gsd`` of
        maximum likelihood (n instead of n - 1).
        None for figures that are undefined: all for n = 0; measures of width, D10 and D90 for n = 1.
    """
    given = np.ones(len(diameters)) if weights is None else np.asarray(weights, float)
    sizes = Sizes.weighted(np.asarray(diameters, float), given)
    values = size_figures(sizes, Smoother.of(sizes)) if len(sizes) else np.full(len(NAMES), math.nan)
    found = {name: float(value) if math.isfinite(value) else None for name, value in zip(NAMES, values, strict=True)}
    by_number = ("mean", "geometric_mean", "gsd", "d10", "d50", "d90", "span", "mode", "skewness")
    return {
        **{name: found["number", name] for name in by_number},
        **{f"volume_{name}": found["volume", name] for name in ("d10", "d50", "d90")},
        "sauter_d32": found["moments", "D[3,2]"],
        "lognormal": _lognormal(sizes),
    }


def _lognormal(sizes: Sizes) -> dict[str, float | None]:
    if len(sizes) < 2:
        return {"median": None, "gsd": None}
    log = np.log(sizes.values)
    middle = np.average(log, weights=sizes.weights)
    spread = math.sqrt(np.average((log - middle) ** 2, weights=sizes.weights))
    return {"median": math.exp(middle), "gsd": math.exp(spread)}


def size_unit(median_nm: float) -> tuple[Literal["nm", "um", "mm"], float]:
    """Return the length unit in which a median reads well.

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
