"""A surface without colours."""

from pathlib import Path

from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate.surface import write_surface


def write(path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
    """Write the surface of all spheres together."""
    write_surface(path, spheres)
