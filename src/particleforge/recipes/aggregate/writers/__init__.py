"""Writers of one aggregate for other programs, one file per format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.recipes.aggregate.spheres import Spheres


class Writer(Protocol):
    """The interface of a format; its name is the suffix of the files it writes."""

    def write(self, path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
        """Write an aggregate; `names` are those of its materials, lengths are in nm."""


WRITERS: Registry[Writer] = Registry("format for aggregates", __name__)
