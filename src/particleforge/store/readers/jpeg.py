"""JPEG: for micrographs only, as it changes pixel values."""

from pathlib import Path

from particleforge.store.readers._pillow import open_image
from particleforge.store.source import Source

SUFFIXES = (".jpg", ".jpeg")
STARTS = (b"\xff\xd8\xff",)
LOSSY = True


def open(path: Path) -> Source:
    """Open a JPEG."""
    from PIL.JpegImagePlugin import JpegImageFile

    return open_image(path, JpegImageFile, LOSSY)
