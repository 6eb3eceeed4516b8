"""ASTM grain size from labels."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.measurement.arrays import Floats
from particleforge.measurement.grain_size.intercepts import cross_circles, cross_lines
from particleforge.measurement.grain_size.parts import Ratio, joined, part_numbers, ratio, sums
from particleforge.measurement.grain_size.planimetric import count_grains
from particleforge.measurement.statistics.bootstrap import FEWEST_IMAGES

NM_PER_MM = 1e6
FAR, FAR_PX = 0.2, 4.0
"""Pixels without a label that lie farther from any grain than this share of a mean diameter, and than this, are not
boundaries."""
MOST_UNFILLED = 0.3
"""Share of the field without grains from which on there is no grain size."""
NOTABLE = 0.02
"""Share of the field without grains that is remarked on."""
METHODS = ("planimetric", "intercept", "circles")


def number_of_density(grains_per_mm2: float) -> float:
    """ASTM grain size number G of grains per mm² (ASTM E112).

    G = 1 at 15.5 grains per mm² (one per square inch at magnification 100), and 1 more for each doubling.
    """
    return math.log2(grains_per_mm2) - 2 * math.log2(100 / 25.4) + 1


def number_of_intercept(mean_mm: float) -> float:
    """ASTM grain size number G of a mean intercept in mm (ASTM E112): 0 at 0.32 mm, 2 more for each halving."""
    return 2 * math.log2(0.32 / mean_mm)


def iso_643(grains_per_mm2: float) -> float:
    """Index G of ISO 643: 8 times 2 to the G grains per mm²."""
    return math.log2(grains_per_mm2 / 8)


def grain_size(
    labels: npt.NDArray[np.integer],
    pixel_size_nm: float | None,
    name: str = "The image",
    classes: Mapping[int, str] | None = None,
    confidence_percent: float = 95.0,
) -> dict[str, Any]:
    """Grain size of one field.

    Parameters
    ----------
    labels
        (Y, X) numbers of grains that fill the field; 0 = boundaries, which are divided among the grains.
    pixel_size_nm
        Side of a pixel.
    name
        Name of the image, for messages.
    classes
        Phase of each grain by its number; None: not known.
    confidence_percent
        Confidence of the intervals.

    Returns
    -------
    dict
        ``planimetric``, ``intercept`` (lines) and ``circles``, each with ``G``, ``low`` and ``high``;
        ``without_grains``, the share of the field; ``phases``, if classes are known, with the share of each by area.

    Raises
    ------
    UserError
        If the pixel size is not known, there are fewer than two grains, or they do not fill the field.
    """
    if pixel_size_nm is None:
        raise UserError(
            f"{name}: the pixel size is unknown, and without it there is no grain size number.",
            "Set it, for example --pixel-size '0.25 um', or measure without --grain-size.",
        )
    labels, unfilled = _filled(labels, name)
    side = pixel_size_nm / NM_PER_MM
    found = count_grains(labels)
    lines, circles = cross_lines(labels, found.grains), cross_circles(labels, found.grains)
    planimetric = _planimetric(found.parts * [1, side**2], confidence_percent)
    counted = {"inside": found.inside, "cut": found.cut, "corners": found.corners}
    directions = {
        str(angle): 1000 * side * length / crossed if crossed else None
        for angle, (crossed, length) in lines.by_direction.items()
    }
    return {
        "planimetric": planimetric | counted,
        "intercept": _intercept(lines.parts * [1, side], confidence_percent) | {"by_direction_um": directions},
        "circles": _intercept(circles.parts * [1, side], confidence_percent),
        "without_grains": unfilled,
        **({} if classes is None else {"phases": _phases(labels, classes, found.grains, confidence_percent)}),
    }


def of_fields(fields: Sequence[Mapping[str, Any]], confidence_percent: float = 95.0) -> dict[str, Any]:
    """Grain size of several fields together, from what `grain_size` returned for each.

    From six fields, intervals are those of whole fields, otherwise of their parts.
    """
    found: dict[str, Any] = {}
    for method in METHODS:
        parts = np.column_stack(joined([field[method]["parts"] for field in fields], FEWEST_IMAGES))
        of = _planimetric if method == "planimetric" else _intercept
        found[method] = of(parts, confidence_percent)
    names = sorted({name for field in fields for name in field.get("phases", ())})
    if names:
        found["phases"] = {}
        for name in names:
            shares = joined(
                [field["phases"][name]["parts"] for field in fields if name in field.get("phases", ())], FEWEST_IMAGES
            )
            found["phases"][name] = _share(np.column_stack(shares), confidence_percent)
    return found


def grain_remarks(found: Mapping[str, Any] | None) -> list[str]:
    """Sentences on the grain size of a field, if there is one, that a person should know."""
    if found is None or found["without_grains"] < NOTABLE:
        return []
    return [
        f"{100 * found['without_grains']:.0f} % of the field are farther from any grain than boundaries are wide: "
        "grains are missing, and the grain size is too coarse by the planimetric method."
    ]


def _filled(labels: npt.NDArray[np.integer], name: str) -> tuple[npt.NDArray[np.integer], float]:
    """Give boundaries to the nearest grains; return the labels, and the share of the field without grains."""
    from scipy.ndimage import distance_transform_edt

    count = np.count_nonzero(np.bincount(labels.ravel())[1:])
    if count < 2:
        raise UserError(
            f"{name}: {'there is one grain' if count else 'there are no grains'}; without boundaries there is no "
            "grain size.",
            "Use an image with at least 50 grains, at a lower magnification.",
        )
    diameter = math.sqrt(4 * np.count_nonzero(labels) / (math.pi * count))
    away, nearest = distance_transform_edt(labels == 0, return_indices=True)
    empty = away > max(FAR * diameter, FAR_PX)
    share = float(empty.mean())
    if share > MOST_UNFILLED:
        raise UserError(
            f"{name}: {100 * share:.0f} % of the field hold no grain, but a grain size needs grains that fill it.",
            "Label all grains, or measure without --grain-size.",
        )
    return np.where(empty, 0, labels[tuple(nearest)]), share


def _planimetric(parts: Floats, confidence_percent: float) -> dict[str, Any]:
    """Figures from grains and areas in mm² of parts."""
    density = ratio(parts[:, 0], parts[:, 1], confidence_percent)
    return _numbers(density, number_of_density) | {
        "iso_643_G": iso_643(density.value),
        "grains_per_mm2": density.value,
        "mean_area_um2": 1e6 / density.value,
        "grains": float(parts[:, 0].sum()),
        "area_mm2": float(parts[:, 1].sum()),
        "parts": parts.tolist(),
    }


def _intercept(parts: Floats, confidence_percent: float) -> dict[str, Any]:
    """Figures from boundaries crossed and lengths of lines in mm of parts."""
    per_mm = ratio(parts[:, 0], parts[:, 1], confidence_percent)
    crossed = {"crossings": int(parts[:, 0].sum()), "length_mm": float(parts[:, 1].sum()), "parts": parts.tolist()}
    if not per_mm.value:
        return dict.fromkeys(("G", "low", "high", "accuracy_percent", "mean_intercept_um")) | crossed
    mean = {"mean_intercept_um": 1000 / per_mm.value}
    return _numbers(per_mm, lambda crossings: number_of_intercept(1 / crossings)) | mean | crossed


def _numbers(found: Ratio, number: Any) -> dict[str, float]:
    """Return G, its interval, and the relative accuracy of what it is computed from."""
    return {
        "G": number(found.value),
        "low": number(found.low),
        "high": number(found.high),
        "accuracy_percent": found.accuracy_percent,
    }


def _phases(
    labels: npt.NDArray[np.integer], classes: Mapping[int, str], grains: float, confidence_percent: float
) -> dict[str, Any]:
    """Share of each phase in the area of all grains."""
    rows, columns = part_numbers((labels.shape[0], labels.shape[1]), grains)
    numbers = rows[:, None] + columns
    count = int(numbers[-1, -1]) + 1
    every = sums(numbers, (labels > 0).astype(float), count)
    shares = {}
    for name in sorted(set(classes.values())):
        own = np.isin(labels, [label for label, phase in classes.items() if phase == name])
        shares[name] = _share(np.column_stack([sums(numbers, own.astype(float), count), every]), confidence_percent)
    return shares


def _share(parts: Floats, confidence_percent: float) -> dict[str, Any]:
    found = ratio(parts[:, 0], parts[:, 1], confidence_percent)
    return {"share": found.value, "low": found.low, "high": min(found.high, 1.0), "parts": parts.tolist()}
