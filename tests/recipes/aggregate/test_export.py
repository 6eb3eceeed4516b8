import numpy as np
import pandas as pd
import pytest
import trimesh

from particleforge.cli import main
from particleforge.errors import UserError
from particleforge.recipes.aggregate.descriptors import read_truth
from particleforge.recipes.aggregate.export import export_aggregates
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate.surface import surface
from particleforge.recipes.recipe import Drawn, make_sample
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.store.dataset import Dataset

SMALL = Aggregate(height_px=128, width_px=128)


def test_the_command_line_draws_and_exports_aggregates(tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("kind: aggregate\nheight_px: 64\nwidth_px: 64\ngrowth: {kind: paper, particles: 9}\n")
    assert main(["synthesize", str(recipe), "--out", str(tmp_path / "d.zarr"), "--count", "2"]) == 0
    assert main(["export", str(tmp_path / "d.zarr"), str(tmp_path / "csv"), "--format", "csv"]) == 0
    truth = Dataset.open(tmp_path / "d.zarr")[1].truth
    table = pd.read_csv(tmp_path / "csv" / "000001.csv")
    assert len(table) == 9
    np.testing.assert_allclose(table["z_nm"], truth["z_nm"], atol=1e-5)
    np.testing.assert_allclose(2 * table["radius_nm"], truth["diameter_nm"], atol=1e-5)
    assert list(table["material"]) == list(truth["material"])


def test_points_are_those_of_the_truth(tmp_path):
    samples = Drawn(SMALL, None, 0, 2)
    export_aggregates(samples, tmp_path / "xyz", "xyz")
    count, _, *lines = (tmp_path / "xyz" / "000000.xyz").read_text().splitlines()
    spheres, names = read_truth(samples[0].truth)
    assert int(count) == len(lines) == len(spheres)
    rows = [line.split() for line in lines]
    assert [row[0] for row in rows] == [names[kind] for kind in spheres.materials]
    np.testing.assert_allclose(np.array([row[1:4] for row in rows], float), spheres.positions_nm, atol=1e-5)


@pytest.mark.parametrize("suffix", ["stl", "ply"])
def test_surfaces_are_closed_and_hold_the_volume(tmp_path, suffix):
    samples = Drawn(SMALL.replace(growth=SMALL.growth.replace(particles=12)), None, 0, 1)
    export_aggregates(samples, tmp_path / "mesh", suffix)
    mesh = trimesh.load(tmp_path / "mesh" / f"000000.{suffix}")
    volume = 4 / 3 * np.pi * (read_truth(samples[0].truth)[0].radii_nm ** 3).sum()
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(volume, rel=0.05)


def test_one_colour_per_material(tmp_path):
    pair = Spheres(np.array([[0, 0, 0], [9.9, 0, 0]]), np.array([5, 5.0]), np.array([0, 1]), np.arange(2), 0.0)
    vertices, _, materials = surface(pair)
    assert (materials[vertices[:, 0] < 4.5] == 0).all()
    assert (materials[vertices[:, 0] > 5.5] == 1).all()


def test_what_is_no_aggregate_is_refused(tmp_path):
    with pytest.raises(UserError, match="no format for aggregates 'obj'"):
        export_aggregates([], tmp_path / "a", "obj")
    with pytest.raises(UserError, match="contains no aggregate"):
        export_aggregates([make_sample(Shapes(height_px=64, width_px=64), None, 0, 0)], tmp_path / "b", "xyz")
