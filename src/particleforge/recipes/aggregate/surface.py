"""The closed surface of an aggregate."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.recipes.aggregate.spheres import Floats, Spheres

STEPS_PER_RADIUS = 6
"""Grid points per mean radius."""
MOST_POINTS = 30_000_000
COLOURS = np.array([(31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189)], np.uint8)


def write_surface(path: Path, spheres: Spheres) -> None:
    """Write the closed surface of all spheres together, with the materials as colours if the format supports them."""
    import trimesh

    vertices, faces, kinds = surface(spheres)
    trimesh.Trimesh(vertices, faces, vertex_colors=COLOURS[kinds % len(COLOURS)], process=False).export(path)


def surface(spheres: Spheres) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Surface of the union of all spheres.

    Returns
    -------
    vertices : (v, 3) float64
        In nm.
    faces : (f, 3) int64
        Corners of triangles, counter-clockwise seen from outside.
    materials : (v,) int64
        Material of the nearest sphere.
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
    depth[np.abs(depth) < 0.01 * step] = 0.01 * step  # corners at grid points would coincide in single precision
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
