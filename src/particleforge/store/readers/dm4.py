"""DM4, a format of DigitalMicrograph from version 2 of GMS on."""

from pathlib import Path

from particleforge.store.readers._digital_micrograph import open_image
from particleforge.store.source import Source

SUFFIXES = (".dm4",)
STARTS = (b"\0\0\0\4",)


def open(path: Path) -> Source:
    """Open the largest image of a DM4 file."""
    return open_image(path)
