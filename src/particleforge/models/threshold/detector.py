"""Find particles by a grey threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import regionprops_table

from particleforge.errors import UserError
from particleforge.lengths_px import size_px
from particleforge.micrograph import Micrograph
from particleforge.models.detections import Detections
from particleforge.models.roles import Detector
from particleforge.models.threshold.contrast import contrast_scores
from particleforge.models.threshold.options import ThresholdOptions
from particleforge.models.threshold.segment import Floats, Labels, foreground, separated
from particleforge.step import Progress, Step
from particleforge.store.labels import border_ids


@dataclass(frozen=True)
class ThresholdDetector(Detector[ThresholdOptions]):
    """Thresholds the grey values, fills holes, splits touching particles at necks, and scores particles by contrast."""

    Options = ThresholdOptions

    provenance: Mapping[str, Any] = field(default_factory=lambda: {"kind": "threshold"})

    def steps(self, micrograph: Micrograph, options: ThresholdOptions = ThresholdOptions()) -> Step[Detections]:
        """Find all particles in a single image.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite, or if a size is given in nm but the pixel
            size of the image is not known.
        """
        grey, pixel_nm = micrograph.grey, micrograph.square_pixel_size_nm
        smallest = size_px(options.smallest, pixel_nm)
        largest = math.inf if options.largest is None else size_px(options.largest, pixel_nm)
        if largest < smallest:
            raise UserError(
                f"The largest size {options.largest} is below the smallest size {options.smallest}.",
                "Swap them, or give only one of them.",
            )
        polarities = ("bright", "dark") if options.polarity == "auto" else (options.polarity,)
        tried = []
        for done, polarity in enumerate(polarities):
            yield Progress(done, len(polarities), f"Looking for {polarity} particles")
            tried.append(_found(grey, polarity, options, (smallest, largest)))
        return max(tried, key=plausibility) if len(tried) > 1 else tried[0]


def plausibility(found: Detections) -> float:
    """Rate how much the foreground looks like particles rather than the background between them.

    The share of the foreground in particles that do not touch the image border, times the square of their mean
    solidity: particles are compact and separate; the background reaches the border and winds around them.
    """
    labels = found.labels
    if not len(found):
        return 0.0
    whole = ~np.isin(np.arange(1, len(found) + 1), border_ids(labels))
    measured = regionprops_table(labels.astype(np.int64), properties=("area", "solidity"))  # type: ignore[no-untyped-call]
    areas, solidities = measured["area"][whole], measured["solidity"][whole]
    return float(areas.sum() / (labels > 0).sum() * solidities.mean() ** 2) if whole.any() else 0.0


def _found(grey: Floats, polarity: str, options: ThresholdOptions, limits_px: tuple[float, float]) -> Detections:
    """Find particles that are brighter, or darker, than the background."""
    seen = grey if polarity == "bright" else -grey
    bright, limit = foreground(seen, options)
    labels, distance = separated(bright, options.split)
    about = {"polarity": polarity, "threshold": limit if polarity == "bright" else -limit, "certainty": None}
    count = int(labels.max(initial=0))
    scores = contrast_scores(seen, labels, count) if count else np.empty(0, np.float32)
    diameters = np.sqrt(4 / math.pi * np.bincount(labels.ravel(), minlength=count + 1)[1:])
    kept = (diameters >= limits_px[0]) & (diameters <= limits_px[1]) & (scores >= options.least_score)
    every = Detections(grey.shape, _points(distance, labels, count), scores, painted=lambda: labels, found=about)
    return every.only(1 + np.flatnonzero(kept))


def _points(distance: Floats, labels: Labels, count: int) -> npt.NDArray[np.float64]:
    """(n, 2) innermost points."""
    places = ndimage.maximum_position(distance, labels, np.arange(1, count + 1)) if count else []
    return np.asarray(places, np.float64).reshape(-1, 2)
