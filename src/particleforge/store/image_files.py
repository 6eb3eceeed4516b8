"""Image files: suffixes, names without suffix, the images of a folder."""

from functools import cache
from pathlib import Path
from typing import Protocol

from particleforge.errors import UserError
from particleforge.registry import Registry
from particleforge.store.source import Source


class Reader(Protocol):
    """The interface of readers of a file format: modules in `store/readers`, or of other packages.

    If an image is a folder, the module also has ``FOLDER = True``.
    """

    SUFFIXES: tuple[str, ...]
    """Suffixes of its files, in lower case; the longest match counts."""

    def open(self, path: Path) -> Source:
        """Open a file; pixels should be read on demand. Errors of libraries may be raised."""
        ...


READERS: Registry[Reader] = Registry("reader", "particleforge.store.readers")
"""Every file format by its name."""


def image_suffixes() -> tuple[str, ...]:
    """Suffixes of all files that can be read, in lower case."""
    return tuple(sorted(_formats()))


def image_suffix(path: Path) -> str:
    """Suffix of an image file in lower case, such as ``.ome.tif``; empty for other files."""
    fitting = [suffix for suffix in _formats() if path.name.lower().endswith(suffix)]
    return max(fitting, key=len, default="")


def image_stem(path: Path) -> str:
    """Name of an image without its suffix; ``a.ome.tif`` gives ``a``."""
    suffix = image_suffix(path)
    return path.name[: -len(suffix)] if suffix else path.stem


def is_image(path: Path) -> bool:
    """Whether a path is an image file or image folder with a known suffix that is not hidden."""
    suffix = image_suffix(path)
    if not suffix or path.name.startswith("."):
        return False
    return path.is_dir() if getattr(_formats()[suffix], "FOLDER", False) else path.is_file()


def reader_of(path: Path) -> Reader:
    """Reader of a file by its suffix.

    Raises
    ------
    UserError
        If there is no reader for such files.
    """
    suffix = image_suffix(path)
    if not suffix:
        raise UserError(f"{path} is not an image that can be read.", _known())
    return _formats()[suffix]


def image_paths(folder_or_file: Path) -> list[Path]:
    """Images of a folder sorted by name, or the given image. Subfolders and hidden files are left out.

    Raises
    ------
    UserError
        If there is no image, or two differ only in the suffix.
    """
    if is_image(folder_or_file):
        found = [folder_or_file]
    elif folder_or_file.is_dir():
        found = sorted((path for path in folder_or_file.iterdir() if is_image(path)), key=lambda path: path.name)
    else:
        if not folder_or_file.exists():
            raise UserError(f"{folder_or_file} does not exist.", "Check the path.")
        raise UserError(f"{folder_or_file} is not an image.", _known())
    if not found:
        below = (path for pattern in ("*/*", "*/*/*") for path in sorted(folder_or_file.glob(pattern)))
        inside = next((path.parent for path in below if is_image(path)), None)
        hint = _known() if inside is None else f"Did you mean {inside}?"
        raise UserError(f"{folder_or_file} contains no images.", hint)
    by_stem: dict[str, Path] = {}
    for path in found:
        other = by_stem.setdefault(image_stem(path), path)
        if other != path:
            raise UserError(
                f"{other.name} and {path.name} in {path.parent} have the same name.", "Rename or remove one of them."
            )
    return found


def _known() -> str:
    known = ", ".join(image_suffixes())
    return f"Supported: {known}. Save it as TIFF, or install a package that brings a reader for it."


@cache
def _formats() -> dict[str, Reader]:
    """Reader of each suffix, built-in ones first; broken readers of other packages are left out."""
    own, found = READERS.built_in(), READERS.members()
    readers = [found[name] for name in sorted(found, key=lambda name: (name not in own, name))]
    return {suffix: reader for reader in reversed(readers) for suffix in reader.SUFFIXES}
