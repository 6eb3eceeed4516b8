"""Files for other programs that hold one aggregate, one file per format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.recipes.aggregate.spheres import Spheres


class Writer(Protocol):
    """What the file of a format holds; the format is the suffix of what it writes."""

    def write(self, path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
        """Write an aggregate; `names` are those of its materials, lengths are in nm."""


WRITERS: Registry[Writer] = Registry("format for aggregates", __name__)
