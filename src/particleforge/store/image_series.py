"""Folders of images as the frames of one series."""

import re
from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.store.calibration import agree
from particleforge.store.image_files import distinct_image_paths
from particleforge.store.pixels import Pages, Pixels
from particleforge.store.source import Source


class AsSeries(Params):
    """How folders of images are read."""

    as_series: bool = Field(
        False,
        description="Read the images of a folder as the frames of one series, ordered by the numbers in their names, "
        "instead of as separate images.",
    )


def folder_series(folder: Path, open_file: Callable[[Path], Source]) -> Source:
    """Open the images of a folder as one source with an axis of time; only their headers are read.

    Raises
    ------
    UserError
        If one cannot be read, is a stack, or differs from the first in shape, type or channels.
    """
    paths = sorted(distinct_image_paths(folder), key=lambda path: _numbered(path.name))
    first = open_file(paths[0])
    sizes = [first.pixel_size_nm]
    for path in paths:
        found = open_file(path)
        if found.lengths:
            raise UserError(f"{path} is a stack; a series needs one image per file.", "Convert the stacks one by one.")
        if _kind(found) != _kind(first):
            raise UserError(
                f"{path} has {_kind(found)}, {paths[0].name} has {_kind(first)}; the frames of a series must be alike.",
                "Move the others to another folder, or read them as separate images.",
            )
        sizes.append(found.pixel_size_nm)
    known = [size for size in sizes if size is not None]
    same = len(known) == len(sizes) and all(agree(size, known[0]) for size in known)
    differ = ("The images of the series state different pixel sizes; none is used.",) if known and not same else ()

    def read(number: int) -> Pixels:
        return open_file(paths[number]).pixels

    pixels = first.pixels
    return Source.of(
        Pages((len(paths),), pixels.shape, pixels.dtype, read),
        f"T{first.axes}",
        folder,
        folder.name,
        pixel_size_nm=known[0] if same else None,
        remarks=first.remarks,
        size_remarks=differ or first.size_remarks,
        size_source=first.size_source if same else "",
    )


def _kind(source: Source) -> str:
    height, width = source.sides
    channels = f", {source.channels} channels" if source.channels > 1 else ""
    return f"{height} x {width} px of {source.pixels.dtype}{channels}"


def _numbered(name: str) -> list[tuple[int, str]]:
    """Sort key: runs of digits count as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
