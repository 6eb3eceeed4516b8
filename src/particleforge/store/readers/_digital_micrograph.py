"""What DM3 and DM4 have in common: images in a tree of tags, as DigitalMicrograph writes them.

Gatan has not published the format; it is described at http://www.er-c.org/cbb/info/dmformat.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm, unit_s
from particleforge.store.pixels import Pages
from particleforge.store.readers._digital_micrograph_tags import Block, Tags, read_tags
from particleforge.store.readers._raw import known_size, raw_pages
from particleforge.store.readers._several import on_others
from particleforge.store.source import Source

_TYPES = {
    1: "i2", 2: "f4", 6: "u1", 7: "i4", 9: "i1", 10: "u2", 11: "u4", 12: "f8", 14: "u1", 39: "i8", 40: "u8"
}  # fmt: skip
_COLOURS = {8, 23}
"""Types of pixels of 4 bytes: red, green, blue and one that is not used."""
_COMPLEX = {3, 5, 13, 27, 28}
_ENERGY = {"eV", "keV"}


def open_image(path: Path) -> Source:
    """Open the largest image of a file that is not a thumbnail, the last of several; a plane is read from its place.

    The third axis of a stack is depth where its unit is a length, else time.

    Raises
    ------
    UserError
        If there is no image that can be measured, but a spectrum or a Fourier transform, for example.
    ValueError
        If the file is broken.
    """
    order, tags = read_tags(path)
    found = [image for image in _images(tags) if len(_shape(image)) >= 2]
    usable = [image for image in found if _usable(image)]
    if not usable:
        raise UserError(
            f"{path} holds {_described(found)}; particles are measured in images.", "Save the image you want as TIFF."
        )
    if len(usable) == 1:
        return _source(path, usable[0], order)
    largest = max(reversed(range(len(usable))), key=lambda number: math.prod(_shape(usable[number])))
    series = [partial(_source, path, image, order, number, len(usable)) for number, image in enumerate(usable, start=1)]
    return replace(series[largest](), series=series)


def _images(tags: Tags) -> Iterator[Tags]:
    """Give the data of each image, without those of thumbnails where there are others."""
    images = [image for image in _inner(tags, "ImageList").values() if isinstance(image, Mapping)]
    named = {one.get("ImageIndex") for one in _inner(tags, "Thumbnails").values() if isinstance(one, Mapping)}
    kept = [image for number, image in enumerate(images) if number not in named]
    return (data for image in kept or images if (data := _inner(image, "ImageData")))


def _usable(image: Tags) -> bool:
    kind, units = image.get("DataType"), [unit for _, unit in _calibrations(image)]
    return (kind in _TYPES or kind in _COLOURS) and len(_shape(image)) <= 3 and not _ENERGY & set(units)


def _described(images: list[Tags]) -> str:
    """Say what there is where no image can be used."""
    if not images:
        return "no image"
    if any(image.get("DataType") in _COMPLEX for image in images):
        return "complex numbers, such as those of a Fourier transform"
    if any(_ENERGY & {unit for _, unit in _calibrations(image)} for image in images):
        return "spectra"
    kinds = sorted({str(image.get("DataType")) for image in images})
    return f"data of type {', '.join(kinds)} with {max(len(_shape(image)) for image in images)} axes"


def _source(path: Path, image: Tags, order: str, number: int = 1, count: int = 1) -> Source:
    """Source of one of the images of a file, by its number."""
    data, shape, kind = image.get("Data"), _shape(image), image["DataType"]
    if not isinstance(data, Block):
        raise ValueError("its image has no pixels")
    colours = kind in _COLOURS
    lengths, page = shape[:-2], shape[-2:] + ((4,) if colours else ())
    typed = "u1" if colours else order + _TYPES[kind]
    needed = math.prod(lengths + page) * np.dtype(typed).itemsize
    if needed > data.size:
        raise ValueError(f"{' x '.join(map(str, shape))} pixels need {needed} bytes, {data.size} are there")
    pages = raw_pages(path, typed, data.offset, lengths, page)
    sides = _calibrations(image)[: len(shape)][::-1]
    y, x = ((unit_nm(unit) or 0.0) * abs(step) for step, unit in sides[-2:])
    third, third_unit = sides[0] if lengths else (0.0, "")
    stack = "" if not lengths else "Z" if unit_nm(third_unit) else "T"
    return Source.of(
        _in_rgb(pages, order) if colours else pages,
        stack + ("YXC" if colours else "YX"),
        path,
        pixel_size_nm=known_size(y, x),
        interval_s=abs(third) * (unit_s(third_unit) or 0.0) or None,
        remarks=on_others(number, count, f"{shape[-1]} x {shape[-2]} px"),
    )


def _in_rgb(stored: Pages, order: str) -> Pages:
    """Red, green and blue out of the 4 bytes of a number, of which the highest is not used."""
    bands = slice(2, None, -1) if order == "<" else slice(1, None)
    lengths, page = stored.shape[:-3], stored.shape[-3:]

    def read(number: int) -> np.ndarray:
        place = tuple(int(i) for i in np.unravel_index(number, lengths)) if lengths else ()
        return stored[(*place, *[slice(None)] * 3)][..., bands]

    return Pages(lengths, (*page[:2], 3), stored.dtype, read)


def _shape(image: Tags) -> tuple[int, ...]:
    """Length of each axis, the fastest last, without leading ones."""
    lengths = [length for length in _inner(image, "Dimensions").values() if isinstance(length, int)]
    while len(lengths) > 2 and lengths[-1] == 1:
        lengths.pop()
    return tuple(reversed(lengths))


def _calibrations(image: Tags) -> list[tuple[float, str]]:
    """Step and unit along each axis, the fastest first."""
    axes = _inner(_inner(image, "Calibrations"), "Dimension").values()
    found = [(one.get("Scale"), one.get("Units")) for one in axes if isinstance(one, Mapping)]
    known = [
        (step if isinstance(step, float) else 0.0, unit.text if isinstance(unit, Block) else "") for step, unit in found
    ]
    return known + [(0.0, "")] * len(_shape(image))


def _inner(tags: Any, name: str) -> Tags:
    found = tags.get(name)
    return found if isinstance(found, Mapping) else {}
