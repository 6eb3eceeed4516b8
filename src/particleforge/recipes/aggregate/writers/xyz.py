"""Extended XYZ: points with properties."""

from pathlib import Path

from particleforge.recipes.aggregate.spheres import Spheres


def write(path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
    """Write extended XYZ: material, position, radius, primary cluster."""
    lines = [str(len(spheres)), "Properties=species:S:1:pos:R:3:radius:R:1:cluster:I:1 unit=nm"]
    for kind, place, radius, cluster in spheres.rows():
        name = names[kind].replace(" ", "_")
        lines.append(f"{name} {place[0]:.6f} {place[1]:.6f} {place[2]:.6f} {radius:.6f} {cluster}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
