"""Resolution tags per inch or centimetre, if they give pixels below 10 µm.

A whole number of dots per inch is the resolution of a print or a scanner, which says nothing about the specimen.
"""

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import per_resolution

LARGEST_NM = 10_000.0
"""Pixels from here on are for print."""
_UNITS_NM = {2: 2.54e7, 3: 1e7}
_FINEST_SCANNER_DPI = 100_000


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    code = image.tag(296)
    unit = _UNITS_NM.get(code) if isinstance(code, int) else None
    size = unit and per_resolution(image, (unit, unit))
    if not unit or not size or max(size) >= LARGEST_NM:
        return None
    source = "the resolution tags"
    dots = [_UNITS_NM[2] / side for side in size]
    if code == 2 and max(dots) <= _FINEST_SCANNER_DPI and all(abs(one - round(one)) < 1e-6 * one for one in dots):
        remark = f"{round(dots[1])} dots per inch is the resolution of a scanner or print: no pixel size."
        return Statement(None, source, (remark,), bare=True)
    return Statement(size, source, bare=True)
