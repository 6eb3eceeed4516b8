"""Zeiss SmartSEM (tag 34118): `Image Pixel Size`, else the width of the field by that of the image.

`Pixel Size` is that of a display 1024 pixels wide, whatever the width of the image.
"""

from typing import Any

from particleforge.store.calibration import ImageFile, Statement, agree
from particleforge.store.calibrations._fields import length_nm

_DISPLAY_PX = 1024


def read(image: ImageFile) -> Statement | None:
    """Read the pixel size."""
    entries = image.tag(34118)
    if not isinstance(entries, dict):
        return None
    stated = _entry(entries, "ap_image_pixel_size")
    display, field = _entry(entries, "ap_pixel_size"), _entry(entries, "ap_width")
    width = image.shape[1]
    by_field = None if field is None else _square(field / width, f"Width / {width} px (tag 34118)")
    if stated:
        found = _square(stated, "Image Pixel Size (tag 34118)")
        return found if by_field is None else _compared(found, by_field)
    if by_field:
        return _uncropped(by_field, _entry(entries, "ap_height"), image.shape)
    return (display and _square(display * _DISPLAY_PX / width, f"Pixel Size x 1024 / {width} px (tag 34118)")) or None


def _compared(stated: Statement, by_field: Statement) -> Statement:
    """Statement of the image with a remark if the width of the field contradicts it."""
    if stated.size_nm and by_field.size_nm and agree(stated.size_nm, by_field.size_nm):
        return stated
    remark = f"Two pixel sizes disagree: {stated} is used, {by_field} is not. Was the image cropped or resized?"
    return Statement(stated.size_nm, stated.source, (remark,))


def _uncropped(by_width: Statement, height_nm: float | None, shape: tuple[int, int]) -> Statement:
    """Statement by the width of the field, unless its height shows that the image was cropped."""
    if height_nm is None:
        return by_width
    by_height = _square(height_nm / shape[0], f"Height / {shape[0]} px (tag 34118)")
    if by_width.size_nm and by_height.size_nm and agree(by_width.size_nm, by_height.size_nm):
        return by_width
    remark = f"Two pixel sizes disagree, so neither is used: {by_width}, {by_height}. Was the image cropped?"
    return Statement(None, by_width.source, (remark,))


def _entry(entries: dict[str, Any], name: str) -> float | None:
    """Length of an entry in nm."""
    entry = entries.get(name)
    return length_nm(entry[1], entry[2]) if isinstance(entry, tuple) and len(entry) >= 3 else None


def _square(side_nm: float, source: str) -> Statement:
    return Statement((side_nm, side_nm), source)
