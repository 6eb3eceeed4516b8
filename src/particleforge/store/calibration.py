"""The pixel size of an image from what its file, or a text file next to it, states."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from particleforge.registry import Registry

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

Size: TypeAlias = tuple[float, float] | None
"""Pixel size along (Y, X) in nm, or None where it is not known."""

TOLERANCE = 0.01
"""Pixel sizes that differ by less than this share agree."""
_LARGEST_TEXT = 2**20
_ENCODINGS = ("utf-8-sig", "shift_jis", "latin-1")


@dataclass(frozen=True)
class ImageFile:
    """An image file as calibrations see it.

    Parameters
    ----------
    path
        Its path.
    shape
        Height and width of the image in pixels.
    tif
        The open TIFF; None for other formats.
    page
        Page of the TIFF that the pixels are read from.
    number
        Place of the image in its TIFF, if there are several.
    """

    path: Path
    shape: tuple[int, int]
    tif: "TiffFile | None" = None
    page: "TiffPage | None" = None
    number: int = 0

    def tag(self, code: int) -> Any:
        """Value of a tag of the page, or None."""
        return None if self.page is None else self.page.tags.valueof(code)

    @property
    def description(self) -> str:
        """Text of the page's ImageDescription; empty if there is none."""
        text = self.tag(270)
        return text if isinstance(text, str) else ""

    def next_to(self, *names: str) -> str:
        """Text of the first file next to the image that has one of these names; empty if there is none."""
        for name in names:
            path = self.path.with_name(name)
            if path.is_file() and path.stat().st_size <= _LARGEST_TEXT:
                return decoded(path.read_bytes())
        return ""


@dataclass(frozen=True)
class Statement:
    """What a file states about the size of its pixels.

    Parameters
    ----------
    size_nm
        Pixel size along (Y, X); None if the scale is not a length.
    source
        Where it was read, for example ``Image Pixel Size (tag 34118)``.
    remarks
        Sentences a person should know.
    bare
        Whether any program may have written it without knowing the specimen, as resolution tags are.
    """

    size_nm: Size
    source: str
    remarks: tuple[str, ...] = ()
    bare: bool = False

    def __str__(self) -> str:
        y, x = self.size_nm or (math.nan, math.nan)
        return f"{x:.5g} nm from {self.source}" if agree((y, y), (x, x)) else f"{y:.5g} x {x:.5g} nm from {self.source}"


class Calibration(Protocol):
    """What knows where an instrument or a program writes the pixel size: a module in `store/calibrations`."""

    def read(self, image: ImageFile) -> Statement | None:
        """Read the pixel size; None where the file is from another instrument or does not state it."""
        ...


CALIBRATIONS: Registry[Calibration] = Registry("calibration", "particleforge.store.calibrations")
"""Every calibration by its name."""


def calibrate(image: ImageFile) -> Statement:
    """Pixel size of an image by all calibrations; see `settle`."""
    found = [calibration.read(image) for calibration in CALIBRATIONS.members().values()]
    return settle([statement for statement in found if statement is not None])


def settle(statements: Sequence[Statement]) -> Statement:
    """Make one statement out of several.

    Bare statements count only where there is no other. Those that count must agree, else the size is not known. What
    contradicts is named in a remark.
    """
    remarks = tuple(remark for statement in statements for remark in statement.remarks)
    count = [statement for statement in statements if not statement.bare] or list(statements)
    sizes = [statement for statement in count if _usable(statement.size_nm)]
    if not sizes:
        return Statement(None, "", remarks)
    first = sizes[0]
    if other := _unlike(first, sizes):
        return Statement(None, "", (*remarks, f"Two pixel sizes disagree, so neither is used: {first}, {other}."))
    if other := _unlike(first, [one for one in statements if _usable(one.size_nm)]):
        remarks += (f"Two pixel sizes disagree: {first} is used, {other} is not.",)
    return Statement(first.size_nm, first.source, remarks)


def agree(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two pixel sizes differ by 1 % at most."""
    return all(math.isclose(a, b, rel_tol=TOLERANCE) for a, b in zip(one, other, strict=True))


def decoded(data: bytes) -> str:
    """Text in UTF-16, UTF-8, Shift-JIS or Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:200]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""


def _unlike(statement: Statement, others: Iterable[Statement]) -> Statement | None:
    """First of some statements that contradicts one."""
    size = statement.size_nm
    return next((one for one in others if size and one.size_nm and not agree(size, one.size_nm)), None)


def _usable(size: Size) -> bool:
    return size is not None and all(math.isfinite(side) and side > 0 for side in size)
