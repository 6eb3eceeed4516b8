"""JEOL SightX: XML in ImageDescription with the magnification and the pixels per metre of the camera."""

from xml.etree import ElementTree

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import not_a_length, number


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size; with a camera length, that of a diffraction pattern, there is none."""
    if "<TemReporter" not in image.description:
        return None
    try:
        root = ElementTree.fromstring(image.description.strip("\0 \r\n"))
    except (ElementTree.ParseError, ValueError):
        return None
    unit = root.findtext(".//SelectorUnitString", "X").strip()
    if unit.upper() != "X":
        return not_a_length("SelectorValue of JEOL SightX", unit)
    magnification = number(root.findtext(".//SelectorValue"))
    y, x = _camera(root, image.shape[1])
    if not (magnification and y and x):
        return None
    return Statement((1e9 / y / magnification, 1e9 / x / magnification), "PixelsPerMeter / SelectorValue (JEOL SightX)")


def _camera(root: ElementTree.Element, width: int) -> tuple[float | None, float | None]:
    """Pixels per metre of the camera along (Y, X), out of the description of an image of this width."""
    for about in root.iter():
        per_metre = about.find("PixelsPerMeter")
        if per_metre is not None and number(about.findtext("ImageSize/Width")) == width:
            return number(per_metre.findtext("Vertical")), number(per_metre.findtext("Horizontal"))
    return None, None
