"""Plots of an evaluation: precision against recall, and expected F1 against F1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.picture import INK, TEXT_PT
from particleforge.measurement.report.comparison import COLOURS
from particleforge.measurement.report.plots import blank, finish, laid_out, legend_below
from particleforge.quality.average_precision import RECALLS, THRESHOLDS, precision_at_recall
from particleforge.quality.metric import Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = {"-": 0, "--": 5}
"""Number of the threshold that each kind of line shows."""
CAPTION = (
    f"Precision against recall, averaged over classes; solid: at an intersection over union of {THRESHOLDS[0]:g}, "
    f"dashed: at {THRESHOLDS[5]:g}. Right: the F1 that detectors expect in each image, if they do, and the true one."
)


def precision_curve(images: Sequence[Judged], threshold: int) -> Floats | None:
    """(101,) precision at each recall, averaged over classes; None without scores or true particles."""
    graded = [image.graded["any"] for image in images if image.graded is not None]
    names = sorted({name for image in graded for name in image})
    curves = [precision_at_recall([image[name] for image in graded if name in image], [threshold]) for name in names]
    known = [curve[0] for curve in curves if curve is not None]
    return np.mean(known, axis=0) if known else None


def curves(results: Mapping[str, Sequence[Judged]]) -> Figure | None:
    """Draw the curves of all detectors; None if none of them states scores or an expected F1."""
    found = {
        name: {style: precision_curve(images, threshold) for style, threshold in SHOWN.items()}
        for name, images in results.items()
    }
    stated = any(image.expected for images in results.values() for image in images)
    if not stated and all(curve is None for own in found.values() for curve in own.values()):
        return None
    fig = blank(3.6)
    left, right = fig.subplots(1, 2)
    _square(left, "Precision and recall", "Recall", "Precision")
    _square(right, "Expected F1", "F1 expected by the detector", "F1")
    right.plot([0, 1], [0, 1], color=INK, lw=0.6, ls=":")
    for (name, images), colour in zip(results.items(), _colours(len(results)), strict=True):
        for style, curve in found[name].items():
            if curve is not None:
                left.plot(RECALLS, curve, color=colour, ls=style, lw=1.3, label=name if style == "-" else None)
        expected = [(image.expected["value"], image.score.f1) for image in images if image.expected]
        if expected:
            right.plot(*np.array(expected).T, ".", color=colour, ms=5, mew=0, alpha=0.7)
    return laid_out(fig, legend_below(fig))


def _colours(count: int) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def _square(axes: Axes, title: str, x: str, y: str) -> None:
    finish(axes, title, y)
    axes.set_xlabel(x, fontsize=TEXT_PT, color=INK)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
