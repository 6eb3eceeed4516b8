"""JEOL SEM: length of the scale bar in pixels and as text, in a .txt file next to the image."""

import re

from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm
from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import field, number, other_width


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size, unless it is that of an image of another width."""
    text, source = image.next_to(f"{image.path.stem}.txt"), "$$SM_MICRON_MARKER / $$SM_MICRON_BAR of JEOL's .txt file"
    bar, marker = number(field(text, "$$SM_MICRON_BAR")), field(text, "$$SM_MICRON_MARKER")
    if not bar or marker is None:
        return None
    width = re.match(r"\s*(\d+)", field(text, "$CM_FULL_SIZE") or "")
    if width and int(width[1]) != image.shape[1]:
        return other_width(source, int(width[1]), image.shape[1])
    try:
        side = parse_length_nm(marker) / bar
    except UserError:
        return None
    return Statement((side, side), source)
