"""Which files are images: their suffixes, their names without them, the images of a folder."""

from functools import cache
from pathlib import Path
from typing import Protocol

from particleforge.errors import UserError
from particleforge.registry import Registry
from particleforge.store.source import Source


class Reader(Protocol):
    """What reads a file format: a module in `store/readers`, or one that another package brings.

    Where an image is a folder, the module has ``FOLDER = True``, too.
    """

    SUFFIXES: tuple[str, ...]
    """Ends of the names of its files, in small letters; the longest that fits counts."""

    def open(self, path: Path) -> Source:
        """Open a file; pixels are best read when they are asked for. Errors of libraries may pass."""
        ...


READERS: Registry[Reader] = Registry("reader", "particleforge.store.readers")
"""Every file format by its name."""


def image_suffixes() -> tuple[str, ...]:
    """Suffixes of all files that can be read; capitals do not matter."""
    return tuple(sorted(_formats()))


def image_suffix(path: Path) -> str:
    """Suffix of an image file in small letters, such as ``.ome.tif``; empty for other files."""
    fitting = [suffix for suffix in _formats() if path.name.lower().endswith(suffix)]
    return max(fitting, key=len, default="")


def image_stem(path: Path) -> str:
    """Name of an image without its suffix; ``a.ome.tif`` gives ``a``."""
    suffix = image_suffix(path)
    return path.name[: -len(suffix)] if suffix else path.stem


def is_image(path: Path) -> bool:
    """Whether there is an image file, or an image folder, of a known suffix that is not hidden."""
    suffix = image_suffix(path)
    if not suffix or path.name.startswith("."):
        return False
    return path.is_dir() if getattr(_formats()[suffix], "FOLDER", False) else path.is_file()


def reader_of(path: Path) -> Reader:
    """Reader of a file by its suffix.

    Raises
    ------
    UserError
        If none reads such files.
    """
    suffix = image_suffix(path)
    if not suffix:
        raise UserError(f"{path} is not an image that can be read.", _known())
    return _formats()[suffix]


def image_paths(folder_or_file: Path) -> list[Path]:
    """Images of a folder sorted by name, or the one image given. Subfolders and hidden files are left out.

    Raises
    ------
    UserError
        If there is none, or two have the same name but for the suffix.
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
        near = next((path.parent for path in below if is_image(path)), None)
        hint = _known() if near is None else f"{near} holds some; is that the folder?"
        raise UserError(f"{folder_or_file} holds no image.", hint)
    by_stem: dict[str, Path] = {}
    for path in found:
        other = by_stem.setdefault(image_stem(path), path)
        if other != path:
            raise UserError(
                f"{other.name} and {path.name} in {path.parent} have the same name.", "Rename or remove one of them."
            )
    return found


def _known() -> str:
    return f"Known are {', '.join(image_suffixes())}."


@cache
def _formats() -> dict[str, Reader]:
    """Reader of each suffix, our own first; a reader of another package that is broken takes no part."""
    own, found = READERS.built_in(), READERS.members()
    readers = [found[name] for name in sorted(found, key=lambda name: (name not in own, name))]
    return {suffix: reader for reader in reversed(readers) for suffix in reader.SUFFIXES}
