"""Tescan: `PixelSizeX` in metres in tag 50431, or in a .hdr file next to the image."""

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import field, number


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    value = image.tag(50431)
    if isinstance(value, (bytes, str)):
        text, source = value if isinstance(value, str) else value.decode("latin-1"), "PixelSizeX (tag 50431)"
    else:
        stem, suffix = image.path.stem, image.path.suffix[1:]
        text, source = image.next_to(f"{stem}.hdr", f"{stem}-{suffix}.hdr"), "PixelSizeX of the .hdr file"
    if "[MAIN]" not in text:
        return None
    y, x = number(field(text, "PixelSizeY")), number(field(text, "PixelSizeX"))
    return Statement((y * 1e9, x * 1e9), source) if y and x else None
