"""The bounding box along rows and columns of pixels."""

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.measurement.column import Column

if TYPE_CHECKING:
    from particleforge.measurement.descriptor import Particles

COLUMNS = (
    Column("box_width", "pixels", "width of the bounding box", "Horizontal side of the bounding box.", place=110),
    Column("box_height", "pixels", "height of the bounding box", "Vertical side of the bounding box.", place=111),
    Column("extent", "ratio", "extent", "Ratio of the area to the area of the bounding box.", place=170),
    Column(
        "touches_border",
        "flag",
        "at the border",
        "True if a pixel lies in the first or last row or column of the part of the image that shows the specimen.",
        heading="Border",
        place=200,
    ),
)

PIXEL_RULES = ("burnt_in",)


def compute(particles: "Particles") -> dict[str, npt.NDArray[Any]]:
    """From the first and last row and column of each particle."""
    top, bottom, left, right = particles.runs.boxes()
    frame = particles.frame
    height, width = bottom - top + 1, right - left + 1
    first, stop = particles.rows
    last = frame.shape[1] - 1
    return {
        "box_width_px": width,
        "box_height_px": height,
        "extent": particles["area_px2"] / (width * height),
        "touches_border": (top + frame.top <= first)
        | (bottom + frame.top >= stop - 1)
        | (left + frame.left == 0)
        | (right + frame.left == last),
    }
