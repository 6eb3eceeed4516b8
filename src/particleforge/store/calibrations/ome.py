"""OME-XML: `PhysicalSizeX` with its unit, µm where none is given."""

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import length_nm
from particleforge.store.ome_xml import ome_pixels


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size of the image's own `Pixels` element."""
    pixels = None if image.tif is None else ome_pixels(image.tif, image.number)
    if pixels is None:
        return None
    y, x = (length_nm(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm")) for axis in "YX")
    return Statement((y, x), "PhysicalSizeX of OME-XML") if y and x else None
