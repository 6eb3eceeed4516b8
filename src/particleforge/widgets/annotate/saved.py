"""What is saved of one image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.files import sha256
from particleforge.store.image_files import image_stem
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.store.pixel_sizes import read_pixel_size_nm
from particleforge.widgets.annotate.source import Source
from particleforge.widgets.layers import same_pixels


@dataclass(frozen=True, eq=False)
class Saved:
    """The state of an annotation, now or when it was last saved.

    Parameters
    ----------
    labels
        (Y, X) uint32 particles.
    strokes
        (Y, X) bool, where there certainly is no particle.
    complete
        Whether every particle is annotated.
    pixel_size_nm
        Along (Y, X), if known.
    """

    labels: npt.NDArray[np.uint32]
    strokes: npt.NDArray[np.bool_]
    complete: bool = False
    pixel_size_nm: tuple[float, float] | None = None

    @classmethod
    def empty(cls, shape: tuple[int, int], pixel_size_nm: tuple[float, float] | None = None) -> Self:
        """Return what there is before anything is annotated."""
        return cls(np.zeros(shape, np.uint32), np.zeros(shape, bool), False, pixel_size_nm)

    @property
    def anything(self) -> bool:
        """Whether anything is annotated."""
        return self.complete or bool(self.labels.any()) or bool(self.strokes.any())

    def same(self, other: Self) -> bool:
        """Whether nothing has to be saved again."""
        if (self.complete, self.pixel_size_nm) != (other.complete, other.pixel_size_nm):
            return False
        return np.array_equal(self.labels, other.labels) and np.array_equal(self.strokes, other.strokes)


def read_saved(folder: Path, source: Source) -> Saved | None:
    """Read what is saved of an image in a folder; None if nothing is.

    Raises
    ------
    UserError
        If the folder holds another image of this name, or something cannot be read.
    """
    image, labels, strokes = (
        _find(folder / part, source.micrograph.name) for part in ("images", "labels", "background")
    )
    if image is None:
        return None
    stored = read_micrograph(image)
    equal = source.file is not None and image.is_file() and sha256(image) == sha256(source.file)
    if not equal and not same_pixels(stored.pixels, source.micrograph.pixels):
        raise UserError(
            f"{folder} already holds a different image called {source.micrograph.name}.",
            "Choose another folder to save in, or rename this image.",
        )
    if labels is None:
        return None
    shape = source.micrograph.shape
    drawn = np.zeros(shape, bool) if strokes is None else _read(strokes, shape) > 0
    return Saved(_read(labels, shape), drawn, strokes is None, read_pixel_size_nm(folder, source.micrograph.name))


def _find(folder: Path, name: str) -> Path | None:
    """File of a name in a folder, whatever its suffix."""
    if not folder.is_dir():
        return None
    found = [path for path in sorted(folder.iterdir()) if path.name[0] != "." and image_stem(path) == name]
    return found[0] if found else None


def _read(path: Path, shape: tuple[int, int]) -> npt.NDArray[np.uint32]:
    ids = read_labels(path)
    if ids.shape != shape:
        raise UserError(f"{path} has shape {ids.shape}, but its image has shape {shape}.", "Move it out of the folder.")
    return ids
