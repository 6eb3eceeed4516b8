"""What calibrations have in common: numbers, lengths and fields of text."""

import re
from typing import TYPE_CHECKING, Any

from particleforge.micrograph import unit_nm
from particleforge.store.calibration import Statement

if TYPE_CHECKING:
    from particleforge.store.calibration import ImageFile, Size


def number(value: Any) -> float | None:
    """Read a number that may be text followed by a unit, or missing."""
    found = re.match(r"\s*([-+0-9.eE]+)", str(value))
    try:
        return float(found.group(1)) if found else None
    except ValueError:
        return None


def length_nm(value: Any, unit: Any) -> float | None:
    """Length in nm; None if the number is missing or zero, or the unit is not one of length."""
    size, factor = number(value), unit_nm(str(unit))
    return size * factor if size and factor else None


def field(text: str, name: str) -> str | None:
    """Value of ``NAME=VALUE`` or ``NAME VALUE`` on a line of its own; None if there is none."""
    found = re.search(rf"^[ \t]*{re.escape(name)}[ \t]*[= \t:][ \t]*(.*?)[ \t\r]*$", text, re.MULTILINE)
    return found.group(1) if found else None


def per_resolution(image: "ImageFile", units: tuple[float, float]) -> "Size":
    """Size of a pixel from the resolution tags, which give pixels per unit; `units` in nm along (Y, X)."""
    sides = []
    for code, unit in zip((283, 282), units, strict=True):
        value = image.tag(code)
        if not isinstance(value, tuple) or not all(value):
            return None
        above, below = value
        sides.append(unit * below / above)
    return sides[0], sides[1]


def not_a_length(source: str, unit: str) -> Statement:
    """Statement of a scale that is not a length, such as the one of a diffraction pattern."""
    return Statement(None, source, (f"The scale in {source} is in {unit}, which is not a length: no pixel size.",))


def reciprocal(unit: str) -> bool:
    """Whether a unit is that of a diffraction pattern."""
    return bool(re.fullmatch(r"1\s*/\s*\S+|\S+\s*(\^?-1|⁻¹)|m?rad", unit.strip()))


def other_width(source: str, stated_px: int, width_px: int) -> Statement:
    """Statement of a text file that describes an image of another width."""
    remark = f"{source} is for an image {stated_px} px wide; this one is {width_px} px wide: no pixel size."
    return Statement(None, source, (remark,))
