"""Numbers that describe aggregates."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from particleforge.recipes.aggregate import kernels
from particleforge.recipes.aggregate.spheres import Floats, Ints, Spheres

CONTACT_FACTOR = 1.005
"""Largest distance between touching spheres, relative to the sum of their radii; coordination depends on it."""
AREA_STEPS = 16
"""Pixels per mean radius used to count projected areas."""


def contact_pairs(spheres: Spheres, contact_factor: float = CONTACT_FACTOR) -> Ints:
    """(m, 2) indices of the spheres that touch, each pair once."""
    if not len(spheres):
        return np.empty((0, 2), np.int64)
    reach = 2 * contact_factor * float(spheres.radii_nm.max())
    pairs = cKDTree(spheres.positions_nm).query_pairs(reach, output_type="ndarray")
    apart = np.linalg.norm(spheres.positions_nm[pairs[:, 0]] - spheres.positions_nm[pairs[:, 1]], axis=1)
    touching = apart <= contact_factor * (1 + 1e-9) * spheres.radii_nm[pairs].sum(1)
    return np.asarray(pairs[touching], np.int64)


def components(pairs: Ints, count: int) -> tuple[int, Ints]:
    """Count the connected parts of `count` spheres; return the number and the part of each sphere."""
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (count, count))
    found, parts = connected_components(graph, directed=False)
    return int(found), np.asarray(parts, np.int64)


def radius_of_gyration_nm(spheres: Spheres, densities: Sequence[float] = (), self_term: float = 0.6) -> float:
    """Root of the mean squared distance from the centre of mass.

    Parameters
    ----------
    spheres
        The aggregate.
    densities
        Density of each material; if omitted, all are equal.
    self_term
        Ratio of a sphere's own squared radius of gyration to its squared radius.
    """
    mass = spheres.radii_nm**3
    if densities:
        mass = mass * np.asarray(densities)[spheres.materials]
    centre = np.average(spheres.positions_nm, 0, mass)
    squares = ((spheres.positions_nm - centre) ** 2).sum(1) + self_term * spheres.radii_nm**2
    return float(np.sqrt(np.average(squares, weights=mass)))


def fractal_dimension(count: int, gyration_over_mean_radius: float, prefactor: float) -> float:
    """D_f of the power law n = k_f (R_g / mean radius)^D_f; nan if undefined."""
    if count < 2 or gyration_over_mean_radius <= 1:
        return float("nan")
    return float(np.log(count / prefactor) / np.log(gyration_over_mean_radius))


def pair_correlation(spheres: Spheres, edges_nm: Floats) -> Floats:
    """Mean number of other spheres per volume, in nm^-3, at distances between `edges_nm` from a sphere's centre."""
    tree = cKDTree(spheres.positions_nm)
    within = tree.count_neighbors(tree, edges_nm) - len(spheres)
    shells = 4 / 3 * np.pi * np.diff(np.asarray(edges_nm) ** 3)
    return np.asarray(np.diff(within) / len(spheres) / shells, float)


def projected_area_nm2(spheres: Spheres, direction: Sequence[float] = (0, 0, 1)) -> float:
    """Area covered by all spheres together, seen along a direction."""
    axis = np.asarray(direction, float) / np.linalg.norm(direction)
    across = np.linalg.svd(axis[None])[2][1:]
    pixel = float(spheres.radii_nm.mean()) / AREA_STEPS
    places, radii = spheres.positions_nm @ across.T / pixel, spheres.radii_nm / pixel
    places = places - (places - radii[:, None]).min(0) + 1
    labels = np.zeros(np.ceil((places + radii[:, None]).max(0)).astype(int) + 2, np.uint32)
    kernels.draw_labels(labels, places, radii, np.arange(len(spheres)), np.zeros(len(spheres), np.int64))
    return float((labels > 0).sum()) * pixel**2


def describe(
    spheres: Spheres,
    names: Sequence[str],
    densities: Sequence[float] = (),
    contact_factor: float = CONTACT_FACTOR,
) -> dict[str, float]:
    """All descriptors that are single numbers.

    Per material: its share of the particles and the mean size of its connected parts (nan if there are none).
    Coordination is the mean number of contacts of a particle; hetero-coordination counts those with other materials.
    """
    pairs, count = contact_pairs(spheres, contact_factor), len(spheres)
    kinds = spheres.materials[pairs]
    alike = kinds[:, 0] == kinds[:, 1]
    parts = components(pairs[alike], count)[1]
    gyration = radius_of_gyration_nm(spheres, densities)
    row = {
        "particles": float(count),
        "radius_of_gyration_nm": gyration,
        "gyration_over_mean_radius": gyration / float(spheres.radii_nm.mean()),
        "coordination": 2 * len(pairs) / count,
        "hetero_coordination": 2 * float((~alike).sum()) / count,
    }
    for i, name in enumerate(names):
        these = spheres.materials == i
        row[f"share_{name}"] = float(these.mean())
        row[f"cluster_size_{name}"] = float(these.sum() / len(np.unique(parts[these]))) if these.any() else np.nan
    return row


def read_truth(truth: pd.DataFrame, materials: Sequence[str] = ()) -> tuple[Spheres, tuple[str, ...]]:
    """Aggregate and names of its materials from a sample's truth table, including those named in `materials`."""
    own = truth["material"].to_numpy(str)
    names = np.unique([*materials, *own])
    kinds = np.searchsorted(names, own)
    positions: npt.NDArray[np.float64] = truth[["x_nm", "y_nm", "z_nm"]].to_numpy(float)
    spheres = Spheres(
        positions,
        truth["diameter_nm"].to_numpy(float) / 2,
        kinds.astype(np.int64),
        truth["cluster"].to_numpy(np.int64),
        float(truth["df_error"].iloc[0]),
    )
    return spheres, tuple(map(str, names))
