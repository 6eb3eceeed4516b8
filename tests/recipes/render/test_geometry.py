from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.recipes.render.geometry.cuboid import Cuboid
from particleforge.recipes.render.geometry.ellipsoid import Ellipsoid
from particleforge.recipes.render.geometry.file import File
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.geometry.metaball import Metaball
from particleforge.recipes.render.geometry.polyhedron import Polyhedron
from particleforge.recipes.render.geometry.prism import Prism
from particleforge.recipes.render.geometry.rod import Rod
from particleforge.recipes.render.geometry.superellipsoid import Superellipsoid
from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import random_rotation, sphere
from particleforge.recipes.render.scene import Body, Scene
from particleforge.registry import Kinds

GEOMETRIES = [cls for cls in Kinds(Geometry).members().values() if cls is not File]
LOOK = Secondary(edge=1, edge_limit=4, one_sided=0, detector_deg=0)


@pytest.mark.parametrize("cls", GEOMETRIES)
def test_every_geometry_is_closed_and_has_volume_and_middle(cls):
    for seed in range(3):
        mesh = cls().draw(np.random.default_rng(seed), 3)
        sides = Counter(map(tuple, mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).tolist()))
        assert max(sides.values()) == 1
        assert all((b, a) in sides for a, b in sides)
        assert mesh.volume == pytest.approx(np.pi / 6)
        np.testing.assert_allclose(mesh.centroid, 0, atol=1e-9)
        assert np.isfinite(mesh.normals).all()


@pytest.mark.parametrize(
    ("geometry", "ferets"),
    [
        (Ellipsoid(elongation=2, flatness=1.5), (4, 4 / 3)),
        (Cuboid(elongation=1.5, flatness=2, rounding=0), (2 * np.sqrt(1.5**2 + 1 + 0.25), 1)),
        (Rod(aspect=3, rounding=1), (6, 2)),
        (Prism(sides=6, height=0.25, rounding=0), (2 * np.sqrt(1 + 0.25**2), 0.5)),
        (Polyhedron(solid="octahedron", rounding=0), (2, 2 / np.sqrt(3))),
        (Polyhedron(solid="tetrahedron", rounding=0), (np.sqrt(8 / 3), 2 / np.sqrt(3))),
        (Superellipsoid(exponent=2, elongation=1, flatness=1), (2, 2)),
    ],
)
def test_feret_diameters_are_those_of_the_body(geometry, ferets):
    mesh = geometry.trace(np.random.default_rng(0), 4).turned(random_rotation(np.random.default_rng(1)))
    np.testing.assert_allclose(mesh.ferets, ferets, rtol=0.005)


def test_volumes_are_those_of_the_solids():
    rng = np.random.default_rng(0)
    assert Cuboid(elongation=2, flatness=1, rounding=0).trace(rng, 3).volume == pytest.approx(16)
    assert Rod(aspect=3, rounding=1).trace(rng, 4).volume == pytest.approx(4 * np.pi + 4 / 3 * np.pi, rel=0.005)
    assert Polyhedron(solid="octahedron", rounding=0).trace(rng, 3).volume == pytest.approx(4 / 3)
    assert Polyhedron(solid="dodecahedron", rounding=0).trace(rng, 3).volume == pytest.approx(2.785, rel=0.001)
    alone = Metaball(spheres=1, neck=0).trace(rng, 4)
    assert alone.volume == pytest.approx(np.pi / 6 * alone.ferets[0] ** 3, rel=0.02)
    touching = Metaball(spheres=2, distance=2, neck=0.5).trace(rng, 4)
    assert touching.ferets[0] / touching.ferets[1] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_projected_areas_at_any_orientation_are_those_of_theory(engine, seed):
    rng = np.random.default_rng(seed)
    turn = random_rotation(rng)
    along = np.abs(turn[2])  # the viewing direction in the body's own axes
    ellipsoid = Ellipsoid(elongation=2, flatness=1.5).trace(rng, 5).scaled(40).turned(turn)
    axes = 40 * np.array([2, 1, 1 / 1.5])
    cuboid = Cuboid(elongation=2, flatness=1.5, rounding=0).trace(rng, 3).scaled(30).turned(turn)
    sides = 60 * np.array([2, 1, 1 / 1.5])
    expected = [np.pi * np.prod(axes) * np.linalg.norm(along / axes), np.prod(sides) * (along / sides).sum()]
    bodies = [Body(mesh.moved((x, 100, 100)), "", Material(), 1.0) for mesh, x in ((ellipsoid, 100.3), (cuboid, 300.1))]
    view = engine.render(LOOK.request(Scene(bodies, (200, 400), 1.0, None, Material()), 1, 0))
    np.testing.assert_allclose(np.bincount(view.labels.ravel())[1:], expected, rtol=0.01)
    np.testing.assert_allclose([body.silhouette.mask.sum() for body in bodies], expected, rtol=0.01)
    volumes = [body.silhouette.thickness.sum() for body in bodies]
    np.testing.assert_allclose(volumes, [body.mesh.volume for body in bodies], rtol=0.01)


def test_a_mesh_file_is_read_in_each_format(tmp_path):
    import trimesh

    box = trimesh.creation.box((3, 2, 1))
    box.apply_translation((0.2, 0.5, 0))
    for suffix in ("ply", "obj", "stl"):
        box.export(tmp_path / f"box.{suffix}")
        mesh = File(path=str(tmp_path / f"box.{suffix}")).trace(np.random.default_rng(0), 3)
        assert mesh.volume == pytest.approx(6, rel=1e-5)
        assert mesh.centroid == pytest.approx([0.2, -0.5, 0], abs=1e-5)  # up in the file is up in the image


def test_bad_mesh_files_are_refused(tmp_path):
    import trimesh

    box = trimesh.creation.box((1, 1, 1))
    open_box = trimesh.Trimesh(box.vertices, box.faces[:-1])
    open_box.export(tmp_path / "open.ply")
    broken = box.copy()
    broken.vertices[0, 0] = np.nan
    (tmp_path / "nan.obj").write_text(trimesh.exchange.obj.export_obj(broken), encoding="utf-8")
    (tmp_path / "text.stl").write_text("hello", encoding="utf-8")
    for name, message in (
        ("none.ply", "There is no mesh file"),
        ("open.ply", "is not closed"),
        ("nan.obj", "1 points are NaN or infinite"),
        ("text.stl", "text.stl"),
    ):
        with pytest.raises(UserError, match=message):
            File(path=str(tmp_path / name)).draw(np.random.default_rng(0), 3)
    with pytest.raises(UserError, match="There is no mesh file"):
        File().draw(np.random.default_rng(0), 3)


def test_spheres_get_finer():
    errors = [1 - sphere(level).volume / (4 / 3 * np.pi) for level in range(5)]
    assert all(finer < coarser / 3 for coarser, finer in pairwise(errors[1:]))
