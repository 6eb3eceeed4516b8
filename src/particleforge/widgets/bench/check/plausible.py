"""Whether the outline of a click can be meant; no Qt here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.wording import plural

KNOWN = 3
"""With fewer particles their sizes say little."""
TIMES, TIMES_AT_BORDER = 10, 3
"""How many times as large as the largest known particle an outline must not be."""
TIMES_BETWEEN, BETWEEN = 1.5, 3
"""The same for one that reaches up to several other particles, and how many these are."""
REACH_PX = 3
MOST_OF_IMAGE, MOST_OF_IMAGE_INSIDE = 0.1, 0.3
"""Share of the image that it must not take, at the border and inside, where little is known."""
HINT = "If it is a particle, drag a box around it."


def check_outline(region: Region, labels: npt.NDArray[Any], areas: Mapping[int, int]) -> None:
    """Refuse an outline that is far larger than the particles known, as a click on the background gives.

    Parameters
    ----------
    region
        The outline.
    labels
        (Y, X) ids of the particles.
    areas
        Number of pixels of each of them, by id.

    Raises
    ------
    UserError
        If it is too large.
    """
    area, outer = region.area_px, _at_border(region, labels.shape)
    if len(areas) < KNOWN:
        most = MOST_OF_IMAGE if outer else MOST_OF_IMAGE_INSIDE
        if area > most * labels.size:
            share = f"{100 * area / labels.size:.0f} % of the image"
            raise UserError(f"The outline found here takes {share}; this looks like background.", HINT)
        return
    times = area / max(areas.values())
    if times > (TIMES_AT_BORDER if outer else TIMES) or (
        times > TIMES_BETWEEN and _neighbours(region, labels) >= BETWEEN
    ):
        raise UserError(
            f"The outline found here is {times:.1f} times as large as the largest of "
            f"{plural(len(areas), 'particle')}; this looks like background.",
            HINT,
        )


def _at_border(region: Region, shape: tuple[int, ...]) -> bool:
    rows, columns = region.window
    return min(rows.start, columns.start) <= 0 or bool(rows.stop >= shape[0] or columns.stop >= shape[1])


def _neighbours(region: Region, labels: npt.NDArray[Any]) -> int:
    """Count the particles that an outline reaches up to."""
    rows, columns = region.window
    top, left = max(rows.start - REACH_PX, 0), max(columns.start - REACH_PX, 0)
    around = labels[top : rows.stop + REACH_PX, left : columns.stop + REACH_PX]
    mask = np.zeros(around.shape, bool)
    height, width = region.mask.shape
    mask[rows.start - top :, columns.start - left :][:height, :width] = region.mask
    near = ndimage.binary_dilation(mask, iterations=REACH_PX)
    return len(np.unique(around[near & (around > 0)]))
