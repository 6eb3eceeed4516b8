"""The description of images in OME-TIFF."""

from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from tifffile import TiffFile


def ome_pixels(tif: "TiffFile", number: int = 0) -> ElementTree.Element | None:
    """Element of OME-XML that describes an image, the first one by default; None if there is none."""
    if not tif.is_ome or not tif.ome_metadata:
        return None
    try:
        found = ElementTree.fromstring(tif.ome_metadata).findall(".//{*}Pixels")
    except ElementTree.ParseError:
        return None
    return found[number] if number < len(found) else None
