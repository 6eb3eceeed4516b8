"""FEI and Thermo Fisher: fields `PixelWidth` in metres (tags 34680, 34682), or XML with units (tag 34683)."""

from typing import Any
from xml.etree import ElementTree

from particleforge.store.calibration import ImageFile, Statement
from particleforge.store.calibrations._fields import length_nm, not_a_length, number, reciprocal


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    for code in (34680, 34682):
        if isinstance(fields := image.tag(code), dict) and (found := _fields(fields, code)):
            return found
    return _xml(text) if isinstance(text := image.tag(34683), str) else None


def _fields(sections: dict[str, Any], code: int) -> Statement | None:
    for name in ("Scan", "EScan", "IScan"):
        section = sections.get(name, {})
        height, width = number(section.get("PixelHeight")), number(section.get("PixelWidth"))
        if height and width:
            return Statement((height * 1e9, width * 1e9), f"PixelWidth of {name} (tag {code})")
    return None


def _xml(text: str) -> Statement | None:
    source = "pixelWidth (tag 34683)"
    try:
        root = ElementTree.fromstring(text.strip("\0 \r\n"))
    except (ElementTree.ParseError, ValueError):
        return None
    y, x = (root.find(f".//{{*}}pixel{side}") for side in ("Height", "Width"))
    if y is None or x is None:
        return None
    unit = x.get("unit", "")
    if reciprocal(unit):
        return not_a_length(source, unit)
    height, width = length_nm(y.text, y.get("unit", "")), length_nm(x.text, unit)
    return Statement((height, width), source) if height and width else None
