"""DM3, a format of DigitalMicrograph."""

from pathlib import Path

from particleforge.store.readers._digital_micrograph import open_image
from particleforge.store.source import Source

SUFFIXES = (".dm3",)
STARTS = (b"\0\0\0\3",)


def open(path: Path) -> Source:
    """Open the largest image of a DM3 file."""
    return open_image(path)
