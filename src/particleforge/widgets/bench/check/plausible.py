"""Whether the outline of a click can be meant; no Qt here."""

from collections.abc import Mapping

from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.wording import plural

KNOWN = 3
"""With fewer particles their sizes say little."""
TIMES, TIMES_INSIDE = 10, 30
"""How many times as large as the largest known particle an outline must not be, at the border and inside."""
MOST_OF_IMAGE, MOST_OF_IMAGE_INSIDE = 0.1, 0.3
"""Share of the image that it must not take where little is known."""


def check_outline(region: Region, shape: tuple[int, int], areas: Mapping[int, int]) -> None:
    """Refuse an outline that is far larger than the particles known, as a click on the background gives.

    Parameters
    ----------
    region
        The outline.
    shape
        Height and width of the image.
    areas
        Number of pixels of each particle that is known, by id.

    Raises
    ------
    UserError
        If it is too large.
    """
    rows, columns = region.window
    outer = rows.start <= 0 or columns.start <= 0 or rows.stop >= shape[0] or columns.stop >= shape[1]
    area = region.area_px
    if len(areas) < KNOWN:
        if area > (MOST_OF_IMAGE if outer else MOST_OF_IMAGE_INSIDE) * shape[0] * shape[1]:
            share = f"{100 * area / (shape[0] * shape[1]):.0f} % of the image"
            raise UserError(f"The outline found here takes {share}; this looks like background.", HINT)
        return
    largest = max(areas.values())
    if area > (TIMES if outer else TIMES_INSIDE) * largest:
        raise UserError(
            f"The outline found here is {area / largest:.0f} times as large as the largest of "
            f"{plural(len(areas), 'particle')}; this looks like background.",
            HINT,
        )


HINT = "If it is a particle, drag a box around it."
