"""The size of a pixel out of a TIFF's metadata.

In this order, the first that says something wins:

1. OME-XML: ``PhysicalSizeX`` with its unit (µm where none is written).
2. FEI and Thermo Fisher: ``PixelWidth`` in metres.
3. Zeiss SmartSEM: ``Image Pixel Size`` with its unit.
4. ImageJ: resolution tag with ImageJ's own unit.
5. Resolution tag per inch or centimetre, when it gives pixels below 10 µm. Coarser ones (all of 72, 96, 150, 300, 600,
   1200 and 2400 dpi) are for print and say nothing about the specimen.
"""

import math
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from particleforge.micrograph import unit_nm, unit_s

if TYPE_CHECKING:
    from tifffile import TiffFile

_INCH_NM, _CM_NM = 2.54e7, 1e7
LARGEST_TAGGED_NM = 10_000.0
"""Pixel sizes from a bare resolution tag at or above this are for print."""

Size = tuple[float, float] | None


def tiff_pixel_size_nm(tif: "TiffFile") -> Size:
    """Pixel size of an open TIFF along (Y, X) in nm, or None where the file does not say."""
    for source in (_ome, _fei, _zeiss, _imagej, _resolution_tag):
        size = source(tif)
        if size is not None and all(math.isfinite(side) and side > 0 for side in size):
            return size
    return None


def tiff_interval_s(tif: "TiffFile") -> float | None:
    """Time between the images of a series in seconds, out of OME-XML or ImageJ's metadata; None where it is missing."""
    if (pixels := _ome_pixels(tif)) is not None:
        interval, unit = _number(pixels.get("TimeIncrement")), unit_s(pixels.get("TimeIncrementUnit", "s"))
    else:
        interval, unit = _number((tif.imagej_metadata or {}).get("finterval")), 1.0
    return interval * unit if interval and unit else None


def scale_tags(size_nm: Size) -> dict[str, Any]:
    """Arguments of `tifffile.imwrite` that note a pixel size along (Y, X) as ImageJ does."""
    if size_nm is None:
        return {}
    return {
        "description": "ImageJ=1.54f\nunit=nm\n",
        "resolution": (1 / size_nm[1], 1 / size_nm[0]),
        "resolutionunit": "none",
    }


def _ome_pixels(tif: "TiffFile") -> ElementTree.Element | None:
    """Element of OME-XML that describes the first image, if there is one."""
    if not tif.is_ome or not tif.ome_metadata:
        return None
    try:
        return ElementTree.fromstring(tif.ome_metadata).find(".//{*}Pixels")
    except ElementTree.ParseError:
        return None


def _ome(tif: "TiffFile") -> Size:
    pixels = _ome_pixels(tif)
    sizes = [] if pixels is None else [_ome_side(pixels, axis) for axis in "YX"]
    return (sizes[0], sizes[1]) if len(sizes) == 2 and sizes[0] and sizes[1] else None


def _ome_side(pixels: ElementTree.Element, axis: str) -> float | None:
    value = _number(pixels.get(f"PhysicalSize{axis}"))
    unit = unit_nm(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    return value * unit if value and unit else None


def _fei(tif: "TiffFile") -> Size:
    sections: dict[str, Any] = tif.fei_metadata or {}
    for name in ("Scan", "EScan", "IScan"):
        section = sections.get(name, {})
        height, width = _number(section.get("PixelHeight")), _number(section.get("PixelWidth"))
        if height and width:
            return height * 1e9, width * 1e9
    return None


def _zeiss(tif: "TiffFile") -> Size:
    entries: dict[str, Any] = tif.sem_metadata or {}
    for name in ("ap_image_pixel_size", "ap_pixel_size"):
        entry = entries.get(name)
        if isinstance(entry, tuple) and len(entry) >= 3:
            value, unit = _number(entry[1]), unit_nm(str(entry[2]))
            if value and unit:
                return value * unit, value * unit
    return None


def _imagej(tif: "TiffFile") -> Size:
    if not tif.imagej_metadata:
        return None
    unit = unit_nm(str(tif.imagej_metadata.get("unit", "")))
    if unit is None or unit in (_INCH_NM, _CM_NM):
        return None
    return _per_resolution(tif, unit)


def _resolution_tag(tif: "TiffFile") -> Size:
    import tifffile

    per = {tifffile.RESUNIT.INCH: _INCH_NM, tifffile.RESUNIT.CENTIMETER: _CM_NM}
    tag = tif.pages.first.tags.get("ResolutionUnit")
    unit = per.get(tag.value) if tag is not None else None
    size = None if unit is None else _per_resolution(tif, unit)
    return size if size is not None and max(size) < LARGEST_TAGGED_NM else None


def _per_resolution(tif: "TiffFile", unit: float) -> Size:
    sides = []
    for name in ("YResolution", "XResolution"):
        tag = tif.pages.first.tags.get(name)
        if tag is None or not isinstance(tag.value, tuple) or not all(tag.value):
            return None
        above, below = tag.value
        sides.append(unit * below / above)
    return sides[0], sides[1]


def _number(value: Any) -> float | None:
    """Read a number that may be text with a unit behind it, or missing."""
    found = re.match(r"\s*([-+0-9.eE]+)", str(value))
    try:
        return float(found.group(1)) if found else None
    except ValueError:
        return None
