"""Olympus Soft Imaging Solutions: `pixelsizex` in metres in tag 33560, on the page with the data."""

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import number


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    fields = image.tag(33560)
    if not isinstance(fields, dict):
        return None
    y, x = number(fields.get("pixelsizey")), number(fields.get("pixelsizex"))
    return Statement((y * 1e9, x * 1e9), "pixelsizex (tag 33560)") if y and x else None
