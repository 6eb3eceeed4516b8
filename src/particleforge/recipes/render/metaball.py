"""Spheres that merge smoothly."""

import numpy as np
import numpy.typing as npt

from particleforge.recipes.render.mesh import Mesh

Floats = npt.NDArray[np.float64]


def metaball(centres: Floats, radii: Floats, neck: float, step: float) -> Mesh:
    """Surface of spheres with smooth necks where they meet.

    Parameters
    ----------
    centres, radii
        (n, 3) and (n,) of the spheres.
    neck
        Width of the blending zone, a length: 0 = none.
    step
        Grid spacing used to find the surface.
    """
    from skimage.measure import marching_cubes

    reach = radii[:, None] + neck + 2 * step
    low, high = (centres - reach).min(0), (centres + reach).max(0)
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    outside = np.full(grid.shape[:3], np.inf)
    for centre, radius in zip(centres, radii, strict=True):
        distance = np.linalg.norm(grid - centre, axis=-1) - radius
        outside = _blend(outside, distance, neck)
    points, faces, _, _ = marching_cubes(outside, 0.0, spacing=(step,) * 3)  # type: ignore[no-untyped-call]
    return _outward(Mesh(points.astype(float) + low, faces.astype(np.int32)))


def _blend(one: Floats, other: Floats, width: float) -> Floats:
    """Smaller of two distances, rounded where they differ by less than a width."""
    smaller = np.minimum(one, other)
    if width <= 0:
        return smaller
    closeness = np.clip(1 - np.abs(np.where(np.isinf(one), np.inf, one - other)) / width, 0, None)
    return np.asarray(smaller - closeness**2 * width / 4, float)


def _outward(mesh: Mesh) -> Mesh:
    return mesh if mesh.volume > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1])
