"""Small pictures of the images of a project, made when they are asked for."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.files import atomic_write, new_part
from particleforge.store.memory import check_memory
from particleforge.store.project import Project
from particleforge.store.selection import Selection
from particleforge.store.source import Plane

FOLDER = ".thumbnails"
SIDE_PX = 96
"""Longest side."""
_FINER = 4
"""Large images are read at this multiple of the final size, then averaged."""
_CONTRAST = (1, 99)
"""Percentiles that become black and white."""
BYTES_PER_PX = 2


def thumbnail(project: Project, name: str) -> Path:
    """Return a PNG of an image, at most 96 px high and wide; it is made where there is none of the file as it is now.

    Grey values between the first and the last percent of them are shown.

    Raises
    ------
    UserError
        If the image cannot be read, or the folder of the project is not writable.
    """
    image = project[name]
    path = project.path(image)
    try:
        stat = path.stat()
    except OSError as error:
        raise UserError(f"The file of {name} is missing: {path}.", "Put it back, or remove the image.") from error
    which = (image.path, *(getattr(image, part) for part in Selection.model_fields))
    file = project.folder / FOLDER / f"{_digest(*which)}-{_digest(stat.st_size, stat.st_mtime_ns)}.png"
    if not file.is_file():
        picture = _picture(project.open(name)[0])
        _write(new_part(project.folder, FOLDER) / file.name, picture)
    return file


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _picture(plane: Plane) -> npt.NDArray[np.uint8]:
    """(Y, X) of an image in small."""
    from PIL import Image

    check_memory([plane], BYTES_PER_PX)
    grey = _coarse(plane)
    finite = np.isfinite(grey)
    low, high = np.percentile(grey[finite], _CONTRAST) if finite.any() else (0.0, 0.0)
    scaled = (np.where(finite, grey, low) - low) / (high - low) if high > low else np.full(grey.shape, 0.5)
    picture = Image.fromarray((255 * np.clip(scaled, 0, 1)).astype(np.uint8))
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    return np.asarray(picture)


def _coarse(plane: Plane) -> npt.NDArray[np.floating]:
    """(Y, X) grey values of some rows and columns of a large image."""
    source = plane.source
    sides = dict(zip(source.axes, source.pixels.shape, strict=True))
    step = max(1, max(sides["Y"], sides["X"]) // (_FINER * SIDE_PX))
    places = plane.index
    index = tuple(
        slice(None, None, step) if axis in "YX" else places.get(axis.lower(), slice(None)) for axis in source.axes
    )
    axes = "".join(axis for axis in source.axes if axis.lower() not in places)
    return source.micrograph(source.pixels[index], axes, plane.name).grey_or_nan.astype(np.float64)


def _write(file: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Write a thumbnail in place of earlier ones of its image."""
    from PIL import Image

    with atomic_write(file) as temporary:
        Image.fromarray(picture).save(temporary, "PNG")
    for other in file.parent.glob(f"{file.name.partition('-')[0]}-*.png"):
        if other != file:
            other.unlink(missing_ok=True)
