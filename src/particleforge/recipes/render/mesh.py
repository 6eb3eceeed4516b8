"""Closed triangle meshes.

Points are (x, y, z): x right and y down as in the image, z towards the viewer. Triangles are oriented such that the
cross product of their sides (in these coordinates) points outward.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Mesh:
    """A closed surface.

    Parameters
    ----------
    vertices
        (n, 3) points.
    faces
        (m, 3) int32 vertices of each triangle.
    """

    vertices: Floats
    faces: Ints

    @cached_property
    def volume(self) -> float:
        """Enclosed volume."""
        a, b, c = self._corners
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)

    @cached_property
    def centroid(self) -> Floats:
        """Centre of mass of the filled body."""
        a, b, c = self._corners
        shares = np.einsum("ij,ij->i", a, np.cross(b, c))
        return np.asarray((shares[:, None] * (a + b + c)).sum(0) / (4 * shares.sum()), float)

    @cached_property
    def normals(self) -> Floats:
        """(n, 3) outward unit normals of the vertices: those of the triangles around, weighted by their areas."""
        a, b, c = self._corners
        across = np.cross(b - a, c - a)
        summed = np.stack(
            [sum(np.bincount(f, across[:, k], len(self.vertices)) for f in self.faces.T) for k in range(3)], -1
        )
        return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-300), float)

    @cached_property
    def extremes(self) -> Floats:
        """(k, 3) vertices that are farthest out in one of 162 directions."""
        farthest = np.unique((self.vertices @ sphere(2).vertices.T).argmax(0))
        return np.asarray(self.vertices[farthest], float)

    @cached_property
    def ferets(self) -> tuple[float, float]:
        """Largest and smallest distance between parallel tangent planes."""
        from scipy.spatial import ConvexHull
        from scipy.spatial.distance import pdist

        points = self.extremes
        around = sphere(2).vertices  # a tetrahedron is narrowest between edges, not at a face
        narrow = _narrowest(points, np.concatenate([around, ConvexHull(points).equations[:, :3]]))
        for angle in (0.1, 0.03, 0.01, 0.003, 0.001):
            narrow = _narrowest(self.vertices, narrow + angle * sphere(1).vertices)
        return float(pdist(points).max()), float(np.ptp(self.vertices @ narrow))

    @property
    def _corners(self) -> tuple[Floats, Floats, Floats]:
        a, b, c = (self.vertices[column] for column in self.faces.T)
        return a, b, c

    def turned(self, rotation: Floats) -> "Mesh":
        """Return the mesh rotated around the origin by a (3, 3) matrix."""
        return replace(self, vertices=self.vertices @ rotation.T)

    def scaled(self, factor: float) -> "Mesh":
        """Return the mesh scaled relative to the origin."""
        return replace(self, vertices=self.vertices * factor)

    def moved(self, shift: Sequence[float] | Floats) -> "Mesh":
        """Return the mesh shifted by a vector."""
        return replace(self, vertices=self.vertices + np.asarray(shift, float))

    def normalised(self) -> "Mesh":
        """Return the mesh centred on its centre of mass, with the volume of a sphere of diameter 1."""
        factor = (np.pi / 6 / self.volume) ** (1 / 3)
        return replace(self, vertices=(self.vertices - self.centroid) * factor)


@cache
def sphere(level: int) -> Mesh:
    """Sphere of radius 1 made of 20 * 4**level triangles; its arrays are read-only."""
    golden = (1 + 5**0.5) / 2
    points = [(a, b * golden, 0.0) for a in (-1, 1) for b in (-1, 1)]
    corners = np.array([np.roll(point, k) for k in range(3) for point in points], float)
    solid = hull(corners / np.linalg.norm(corners[0]))
    vertices, faces = solid.vertices, solid.faces
    for _ in range(level):
        vertices, faces = _subdivided(vertices, faces)
    vertices.setflags(write=False)
    faces.setflags(write=False)
    return Mesh(vertices, faces)


def hull(points: Floats) -> Mesh:
    """Convex hull of points."""
    from scipy.spatial import ConvexHull

    found = ConvexHull(points)
    used, faces = np.unique(found.simplices, return_inverse=True)
    vertices = points[used]
    faces = faces.reshape(-1, 3)
    a, b, c = (vertices[column] for column in faces.T)
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), found.equations[:, :3]) < 0
    faces[inward] = faces[inward][:, ::-1]
    return Mesh(vertices, faces.astype(np.int32))


def rounded(corners: Floats, radius: float, level: int) -> Mesh:
    """Convex body with these corners, its edges and corners rounded: all points within `radius` of the hull.

    Every point of a sphere is shifted to the corner farthest in its direction, so the triangles of the sphere become
    round corners, round edges and flat faces.
    """
    ball = sphere(level)
    farthest = (ball.vertices @ corners.T).argmax(1)
    return Mesh(corners[farthest] + radius * ball.vertices, ball.faces)


def merge(meshes: Sequence[Mesh]) -> tuple[Mesh, npt.NDArray[np.int64]]:
    """All meshes in one, and the number of the mesh that each triangle comes from."""
    counts = [len(mesh.vertices) for mesh in meshes]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)])
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    owners = np.repeat(np.arange(len(meshes)), [len(mesh.faces) for mesh in meshes])
    return Mesh(vertices, faces.astype(np.int32)), owners


def _narrowest(points: Floats, directions: Floats) -> Floats:
    """Return a unit vector along the direction in which the extent of the points is smallest."""
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    heights = points @ units.T
    return np.asarray(units[np.ptp(heights, axis=0).argmin()], float)


def random_rotation(rng: np.random.Generator) -> Floats:
    """(3, 3) rotation, every orientation equally likely."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_quat(rng.standard_normal(4)).as_matrix(), float)


def turn_in_plane(angle: float) -> Floats:
    """(3, 3) rotation around the viewing direction by an angle in radians, from x towards y."""
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def _subdivided(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """Split every triangle into four; new vertices are moved onto the sphere."""
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], -1).reshape(-1, 2)
    unique, which = np.unique(edges, axis=0, return_inverse=True)
    middle = vertices[unique].sum(1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    ab, bc, ca = (which.reshape(-1, 3) + len(vertices)).T
    a, b, c = faces.T
    split = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return (
        np.concatenate([vertices, middle]),
        np.concatenate([np.stack(part, -1) for part in split]).astype(np.int32),
    )
