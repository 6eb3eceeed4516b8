"""ImageJ: resolution tags in its own unit, which may differ along Y."""

from particleforge.micrograph import unit_nm
from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import not_a_length, per_resolution, reciprocal

_PRINT_NM = (2.54e7, 1e7)
"""In inches and centimetres ImageJ keeps the resolution of a print."""
_LONGEST_UNIT_NM = 1e9


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    metadata = None if image.tif is None else image.tif.imagej_metadata
    if not metadata:
        return None
    unit = str(metadata.get("unit", ""))
    upright = str(metadata.get("yunit", unit))
    for one in (unit, upright):
        if reciprocal(one):
            return not_a_length("the resolution tags of ImageJ", one)
    x, y = _unit_nm(unit), _unit_nm(upright)
    if x is None or y is None or x in _PRINT_NM:
        return None
    size = per_resolution(image, (y, x))
    return size and Statement(size, f"the resolution tags in ImageJ's unit {unit}")


def _unit_nm(unit: str) -> float | None:
    """Nanometres in a unit, whose name may be in capitals."""
    found = (unit_nm(name) for name in (unit, unit.lower()))
    return next((length for length in found if length and length <= _LONGEST_UNIT_NM), None)
