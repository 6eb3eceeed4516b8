"""A table of spheres."""

from pathlib import Path

from particleforge.recipes.aggregate.spheres import Spheres


def write(path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
    """Write a table with a header."""
    lines = ["x_nm,y_nm,z_nm,radius_nm,material,cluster"]
    for kind, place, radius, cluster in spheres.rows():
        lines.append(f"{place[0]:.6f},{place[1]:.6f},{place[2]:.6f},{radius:.6f},{names[kind]},{cluster}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
