"""Fingerprints of images: they show whether an image is still the one that was measured."""

import hashlib
from pathlib import Path

import numpy as np

from particleforge.store.files import sha256
from particleforge.store.source import Plane
from particleforge.store.unreadable import unreadable

BAND_ROWS = 256
"""Rows of an array that are read at once."""


class Fingerprints:
    """Fingerprints of planes; each file is read only once."""

    def __init__(self) -> None:
        self._files: dict[Path, str] = {}

    def __call__(self, plane: Plane) -> str:
        """Fingerprint of its content, with its pixel size and the columns that it brings into tables.

        Raises
        ------
        UserError
            If it cannot be read.
        """
        size = plane.source.pixel_size_nm
        scale = "" if size is None else f", pixels of {size[0]:.9g} x {size[1]:.9g} nm"
        return (
            self.content(plane) + scale + "".join(f", {name} {value}" for name, value in plane.source.columns.items())
        )

    def content(self, plane: Plane) -> str:
        """Fingerprint of the bytes of its file, else of its pixels, at a URL of the URL and shape; errors as above."""
        path, url = plane.source.path, plane.source.url
        if url:  # its bytes would all have to be fetched
            pixels = plane.source.pixels
            return f"{url}, {' x '.join(map(str, pixels.shape))} {pixels.dtype}"
        if path is None:
            return _of_pixels(plane)
        if path not in self._files:
            with unreadable(path):
                self._files[path] = of_file(path)
        return self._files[path]


def of_file(path: Path) -> str:
    """Size and SHA-256 of a file, or of all files of a folder with their names."""
    if not path.is_dir():
        return f"{path.stat().st_size} bytes, sha256 {sha256(path)}"
    total, digest = 0, hashlib.sha256()
    for inner in sorted(inner for inner in path.rglob("*") if inner.is_file()):
        total += inner.stat().st_size
        digest.update(f"{inner.relative_to(path).as_posix()!r} {sha256(inner)}\n".encode())
    return f"{total} bytes, sha256 {digest.hexdigest()}"


def _of_pixels(plane: Plane) -> str:
    """Fingerprint of the pixels, read in bands of rows: large images need little memory."""
    (height, _), axes = plane.shape, plane.source.axes.strip("TZ")
    at_once = height if axes[0] != "Y" else BAND_ROWS
    first = plane.window(slice(0, 1), slice(0, 1)).pixels
    lengths = dict(zip(plane.source.axes, plane.source.pixels.shape, strict=True))
    shape = tuple(lengths[axis] for axis in axes)
    digest, size = hashlib.sha256(f"{shape} {first.dtype.str}\n".encode()), 0
    for top in range(0, height, at_once):
        pixels = np.ascontiguousarray(plane.window(slice(top, top + at_once), slice(None)).pixels)
        digest.update(pixels.reshape(-1).view(np.uint8).data)
        size += pixels.nbytes
    return f"{size} bytes, sha256 {digest.hexdigest()}"
