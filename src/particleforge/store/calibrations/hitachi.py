"""Hitachi SEM: `PixelSize` in nanometres in a .txt file next to the image."""

import re

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import field, number, other_width


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size, unless it is that of an image of another width."""
    text, source = image.next_to(f"{image.path.stem}.txt"), "PixelSize of Hitachi's .txt file"
    if "[SemImageFile]" not in text:
        return None
    size = number(field(text, "PixelSize"))
    width = re.match(r"\s*(\d+)", field(text, "DataSize") or "")
    if size is None:
        return None
    if width and int(width[1]) != image.shape[1]:
        return other_width(source, int(width[1]), image.shape[1])
    return Statement((size, size), source)
