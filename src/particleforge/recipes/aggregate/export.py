"""Aggregates as files for other programs: points as XYZ or CSV, surfaces as STL or PLY."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.recipes.aggregate.descriptors import read_truth
from particleforge.recipes.aggregate.growth.spheres import Floats, Spheres
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.exchange.pairs import total_of
from particleforge.store.files import atomic_write, claim_name, new_folder

STEPS_PER_RADIUS = 6
"""Grid points per mean radius where a surface is made."""
MOST_POINTS = 30_000_000
COLOURS = np.array([(31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189)], np.uint8)


@stepwise
def export_aggregates(samples: Iterable[Sample], folder: Path, suffix: str = "xyz") -> Step[Path]:
    """Write the aggregate of every sample into a new folder; lengths are in nm.

    Parameters
    ----------
    samples
        Drawn from a recipe of kind aggregate.
    folder
        New folder.
    suffix
        One of `WRITERS`.

    Returns
    -------
    The folder.

    Raises
    ------
    UserError
        If there is no such format, `folder` is there already, or a sample holds no aggregate.
    """
    if suffix not in WRITERS:
        raise UserError(f"There is no format {suffix!r} for aggregates.", f"There are {', '.join(WRITERS)}.")
    new_folder(folder)
    taken: set[str] = set()
    for done, sample in enumerate(samples, 1):
        if sample.truth is None or not {"x_nm", "z_nm", "diameter_nm", "material", "cluster"} <= set(sample.truth):
            raise UserError(f"{sample.name} holds no aggregate.", "Only samples of a recipe of kind aggregate do.")
        with atomic_write(folder / f"{claim_name(sample.name, taken)}.{suffix}") as path:
            WRITERS[suffix](path, *read_truth(sample.truth))
        yield Progress(done, total_of(samples, done), sample.name)
    return folder


def write_xyz(path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
    """Write extended XYZ: material, position, radius, primary cluster."""
    lines = [str(len(spheres)), "Properties=species:S:1:pos:R:3:radius:R:1:cluster:I:1 unit=nm"]
    for kind, place, radius, cluster in _rows(spheres):
        name = names[kind].replace(" ", "_")
        lines.append(f"{name} {place[0]:.6f} {place[1]:.6f} {place[2]:.6f} {radius:.6f} {cluster}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_csv(path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
    """Write a table with a head."""
    lines = ["x_nm,y_nm,z_nm,radius_nm,material,cluster"]
    for kind, place, radius, cluster in _rows(spheres):
        lines.append(f"{place[0]:.6f},{place[1]:.6f},{place[2]:.6f},{radius:.6f},{names[kind]},{cluster}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_mesh(path: Path, spheres: Spheres, names: tuple[str, ...]) -> None:
    """Write the closed surface of all spheres together; PLY has the materials as colours."""
    import trimesh

    vertices, faces, kinds = surface(spheres)
    trimesh.Trimesh(vertices, faces, vertex_colors=COLOURS[kinds % len(COLOURS)], process=False).export(path)


WRITERS: dict[str, Callable[[Path, Spheres, tuple[str, ...]], None]] = {
    "xyz": write_xyz,
    "csv": write_csv,
    "stl": write_mesh,
    "ply": write_mesh,
}
"""What writes the files of each suffix."""


def surface(spheres: Spheres) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Surface of the union of all spheres.

    Returns
    -------
    vertices : (v, 3) float64
        In nm.
    faces : (f, 3) int64
        Corners of triangles, seen from outside against the clock.
    materials : (v,) int64
        Of the nearest sphere.
    """
    from skimage.measure import marching_cubes

    low = (spheres.positions_nm - spheres.radii_nm[:, None]).min(0)
    extent = (spheres.positions_nm + spheres.radii_nm[:, None]).max(0) - low
    step = max(float(spheres.radii_nm.mean()) / STEPS_PER_RADIUS, (float(np.prod(extent)) / MOST_POINTS) ** (1 / 3))
    low = low - 2 * step
    shape = np.ceil(extent / step).astype(int) + 5
    depth = np.full(shape, -3 * step, np.float32)
    for place, radius in zip(spheres.positions_nm, spheres.radii_nm, strict=True):
        first = np.maximum(np.floor((place - radius - low) / step).astype(int) - 1, 0)
        last = np.minimum(np.ceil((place + radius - low) / step).astype(int) + 2, shape)
        window = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        axes = [low[k] + step * np.arange(first[k], last[k]) - place[k] for k in range(3)]
        square = axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + axes[2] ** 2
        depth[window] = np.maximum(depth[window], radius - np.sqrt(square))
    depth[np.abs(depth) < 0.01 * step] = 0.01 * step  # corners at grid points would fall together in single precision
    vertices, faces, _, _ = marching_cubes(depth, 0.0, spacing=(step,) * 3, gradient_direction="ascent")  # type: ignore[no-untyped-call]
    vertices = vertices + low
    return vertices, faces.astype(np.int64), spheres.materials[_nearest(vertices, spheres)]


def _nearest(points: Floats, spheres: Spheres) -> npt.NDArray[np.int64]:
    """Index of the sphere whose surface is nearest to each point."""
    best, found = np.full(len(points), np.inf), np.zeros(len(points), np.int64)
    for i, (place, radius) in enumerate(zip(spheres.positions_nm, spheres.radii_nm, strict=True)):
        away = np.abs(np.linalg.norm(points - place, axis=1) - radius)
        nearer = away < best
        best[nearer], found[nearer] = away[nearer], i
    return found


def _rows(spheres: Spheres) -> Iterable[tuple[int, Floats, float, int]]:
    return zip(spheres.materials, spheres.positions_nm, spheres.radii_nm, spheres.clusters, strict=True)
