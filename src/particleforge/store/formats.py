"""Formats of image files: which reader opens a file."""

from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from particleforge.registry import Registry
from particleforge.store.source import Source


class Reader(Protocol):
    """The interface of readers of a file format: modules in `store/readers`, or of other packages.

    A module may define more: ``STARTS``, the bytes with which its files begin, one entry for each variant;
    ``open_url``, which opens an image at a URL; ``FOLDER = True`` if an image is a folder, and ``INSIDE``, files of
    which such a folder holds at least one. Of files with the same name, the one that is ``PREFERRED`` and not ``LOSSY``
    is read.
    """

    SUFFIXES: tuple[str, ...]
    """Suffixes of its files, in lower case; the longest match counts."""

    def open(self, path: Path) -> Source:
        """Open a file; pixels should be read on demand. Errors of libraries may be raised."""
        ...


READERS: Registry[Reader] = Registry("reader", "particleforge.store.readers")
"""Every file format by its name."""

_LONGEST_START = 16


@cache
def by_suffix() -> dict[str, str]:
    """Name of the reader of each suffix, built-in ones first; broken readers of other packages are left out."""
    own, found = READERS.built_in(), READERS.members()
    names = sorted(found, key=lambda name: (name not in own, name))
    return {suffix: name for name in reversed(names) for suffix in found[name].SUFFIXES}


def by_content(path: Path) -> str | None:
    """Name of the reader of a file by its first bytes, or of a folder by its files; None if it is not known."""
    names = dict.fromkeys(by_suffix().values())
    if path.is_dir():
        return next((name for name in names if any((path / file).is_file() for file in _marks(name, "INSIDE"))), None)
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_START)
    except OSError:
        return None
    return next((name for name in names if start.startswith(_marks(name, "STARTS"))), None)


def _marks(name: str, kind: str) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", getattr(READERS.get(name), kind, ()))
