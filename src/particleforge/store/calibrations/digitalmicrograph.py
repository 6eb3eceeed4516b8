"""TIFF exported by DigitalMicrograph: pixel size in the tags 65009 and 65010, units in 65003 and 65004."""

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import length_nm, not_a_length, reciprocal


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    source, unit = "tag 65009", image.tag(65003)
    if unit is None or image.tag(65009) is None:
        return None
    if reciprocal(str(unit)):
        return not_a_length(source, str(unit))
    x = length_nm(image.tag(65009), unit)
    y = length_nm(image.tag(65010), image.tag(65004) or unit)
    return Statement((y, x), source) if y and x else None
