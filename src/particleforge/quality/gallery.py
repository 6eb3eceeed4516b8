"""Pictures of what was found in an image, compared with the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from particleforge.measurement.arrays import Floats
from particleforge.measurement.outlines import simplified, traced
from particleforge.measurement.picture import PALE
from particleforge.measurement.report.picture import embedded, path_data
from particleforge.quality.instances import Instances
from particleforge.quality.matching import Comparison

LEGEND = (
    "Blue: found and right, with its true outline in white. Orange, dashed: missed. Red: found, but wrong. Grey: found "
    "where nobody knows the particles."
)
RIGHT, TRUE, MISSED, WRONG, IGNORED = "#56B4E9", "#FFFFFF", "#E69F00", "#FF4B3E", "#B8C4CC"
_WIDTH_PT = 360.0


def picture(grey: npt.NDArray[np.generic], true: Instances, found: Instances) -> str:
    """Draw an image as SVG, with the outlines of particles that are right, missed and wrong.

    Parameters
    ----------
    grey
        (Y, X) grey values.
    true
        True particles; regions among them are where nobody knows.
    found
        Particles found.
    """
    height, width = grey.shape
    point = max(width, height) / _WIDTH_PT
    particles = true.only(~true.are_regions)
    compared = Comparison.of(particles, found, true.only(true.are_regions))
    matched = compared.matched()
    hit, right = (np.zeros(len(one), np.bool_) for one in (particles, found))
    hit[compared.pairs.true[matched]] = right[compared.pairs.found[matched]] = True
    counted = compared.counted()
    layers = (
        (found, ~counted, IGNORED, ""),
        (particles, hit, TRUE, ""),
        (found, right, RIGHT, ""),
        (particles, ~hit, MISSED, f' stroke-dasharray="{6 * point:.2f} {4 * point:.2f}"'),
        (found, counted & ~right, WRONG, ""),
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width / point:.1f}pt" height="{height / point:.1f}pt">',
            embedded(np.zeros(grey.shape, np.uint8), grey),
            f'<rect width="{width}" height="{height}" fill="none" stroke="{PALE}" stroke-width="{point / 2:.3f}"/>',
            *(_lines(some.only(chosen), colour, dashes, point) for some, chosen, colour, dashes in layers),
            "</svg>",
        ]
    )


def _lines(particles: Instances, colour: str, dashes: str, point: float) -> str:
    lines = simplified([line for lines in _outlines(particles) for line in lines])
    return (
        f'<path fill="none" stroke="{colour}" stroke-width="{2 * point:.3f}"{dashes} '
        f'transform="translate(.5 .5) scale(.5)" d="{path_data(lines)}"/>'
    )


def _outlines(particles: Instances) -> Iterator[Iterable[Floats]]:
    return (traced(mask.pixels, mask.top, mask.left) for mask in particles.masks().values() if mask.pixels.size)
