"""Shapes from files."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from particleforge.errors import UserError
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.mesh import Mesh


class File(Geometry):
    """A closed mesh from a PLY, OBJ or STL file; all particles have the same shape."""

    kind: Literal["file"] = "file"
    path: str = Field("", description="Path of the file. Its axes are x right, y up, z towards the viewer.")

    def trace(self, rng: np.random.Generator, level: int) -> Mesh:
        """Return the mesh as it is in the file.

        Raises
        ------
        UserError
            If it cannot be read, is not closed, or has no finite volume.
        """
        return read_mesh(Path(self.path))


def read_mesh(path: Path) -> Mesh:
    """Read a closed mesh.

    Raises
    ------
    UserError
        If it cannot be read, is not closed, or has no finite volume.
    """
    import trimesh

    if not path.is_file():
        raise UserError(f"There is no mesh file {str(path)!r}.", "Give the path of a PLY, OBJ or STL file.")
    try:
        loaded = trimesh.load_mesh(path, process=False)
    except (ValueError, KeyError, IndexError, OSError, NotImplementedError) as error:
        raise UserError(f"{path} cannot be read as a mesh: {error}", "Use a PLY, OBJ or STL file.") from error
    if not len(loaded.faces):
        raise UserError(f"{path} contains no triangles.", "Use a PLY, OBJ or STL mesh.")
    if not np.isfinite(loaded.vertices).all():
        raise UserError(f"{path}: {int((~np.isfinite(loaded.vertices)).any(1).sum())} points are NaN or infinite.")
    loaded.merge_vertices(merge_norm=True, merge_tex=True)
    if not loaded.is_watertight:
        raise UserError(f"{path} is not closed: a particle needs a surface without holes.", "Repair the mesh.")
    loaded.fix_normals()
    if loaded.volume <= 0:
        raise UserError(f"{path} encloses no volume.", "Repair the mesh.")
    mirrored = np.asarray(loaded.vertices, float) * [1, -1, 1]  # y points down in images
    return Mesh(mirrored, np.asarray(loaded.faces, np.int32)[:, ::-1])
