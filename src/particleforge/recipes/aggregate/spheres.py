"""An aggregate: spheres in space."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Spheres:
    """Touching spheres, each with its material and its primary cluster.

    Parameters
    ----------
    positions_nm
        (n, 3) centres x, y, z.
    radii_nm
        (n,) radii.
    materials
        (n,) index of each sphere's material.
    clusters
        (n,) index of the primary cluster each sphere belongs to.
    df_error
        Fractal dimension by the radius of gyration minus the requested one; nan for a single sphere.
    """

    positions_nm: Floats
    radii_nm: Floats
    materials: Ints
    clusters: Ints
    df_error: float

    def __len__(self) -> int:
        return len(self.radii_nm)

    def rows(self) -> Iterator[tuple[int, Floats, float, int]]:
        """Material, centre in nm, radius in nm and primary cluster of each sphere."""
        return zip(self.materials, self.positions_nm, self.radii_nm, self.clusters, strict=True)
