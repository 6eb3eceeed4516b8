"""From a recipe to parameters and shadows on the command line."""

import csv
import json

import numpy as np
import pytest

from particleforge.cli.main import main
from particleforge.draws import number
from particleforge.micrograph import Micrograph
from particleforge.models.estimator.model import Estimate
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.store.dataset import Dataset
from particleforge.store.micrographs import write_micrograph
from particleforge.workflows.shadow import estimated_recipe, grow

RECIPE = """
kind: batches
batches: 12
shared: [growth.fractal_dimension, materials.TiO2.share]
recipe:
  kind: aggregate
  height_px: 32
  width_px: 32
  pixel_size_nm: 8
  growth: {kind: paper, particles: "uniform(5, 20)"}
"""
TRAINING = """
minutes: null
steps: 4
validations: 2
prepare: {pool: 1}
network: {convolutions: [1, 1], channels: [4, 4], hidden: 8, features: 8}
targets:
  - {kind: regression, parameter: growth.fractal_dimension, shown: growth.fractal_dimension + truth.df_error}
  - {kind: share, parameter: materials.TiO2.share, shown: truth.material=TiO2}
  - {kind: batch, parameter: materials.WO3.cluster_size, at_once: 2, whole: true}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A dataset, an estimator of two parameters, three images."""
    folder = tmp_path_factory.mktemp("estimator")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "train.yaml").write_text(TRAINING.rpartition("  - ")[0])
    made = ["synthesize", str(folder / "recipe.yaml"), "--out", str(folder / "made.zarr"), "--count", "60"]
    assert main(made) == 0
    assert main(train(folder, folder / "model")) == 0
    (folder / "images").mkdir()
    dataset = Dataset.open(folder / "made.zarr")
    for i in range(3):
        write_micrograph(folder / "images" / f"{i}.tif", dataset[i].micrograph)
    (folder / "images" / "other.xyz").touch()
    return folder


def train(folder, out, *more):
    words = [
        "train",
        str(folder / "made.zarr"),
        "--model",
        "estimator",
        "--out",
        str(out),
        "--params",
        str(folder / "train.yaml"),
    ]
    return [*words, *more]


def call(command, folder, out, *more, images="images"):
    return main([command, str(folder / "model"), str(folder / images), "--out", str(out), *more])


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_estimates_are_written_per_image_and_together(folder, tmp_path, capsys):
    assert call("estimate", folder, tmp_path / "out", "--json") == 0
    rows = read(tmp_path / "out" / "estimate.csv")
    assert [row["image"] for row in rows] == ["0", "1", "2"]
    summary = json.loads((tmp_path / "out" / "estimate.json").read_text())
    assert summary["count"] == 3
    for name, (low, high) in {"growth.fractal_dimension": (1.3, 2.7), "materials.TiO2.share": (0, 1)}.items():
        each = np.array([float(row[name]) for row in rows])
        assert ((low <= each) & (each <= high)).all()
        found = summary["estimates"][name]
        assert found["value"] == pytest.approx(each.mean(), rel=1e-5)
        assert found["spread"] == pytest.approx(each.std(ddof=1), rel=1e-3, abs=1e-6)
        assert found["limits"][0] <= found["in_recipe"] <= found["limits"][1]
        assert found["held_out_errors"]["together"] >= 0
    told = json.loads(capsys.readouterr().out)
    assert "growth.fractal_dimension" in told
    assert (summary["left_out"], told["left_out"]) == ({".xyz": 1}, "Not read: 1 .xyz file.")


def test_a_shadow_has_the_estimated_parameters(folder, tmp_path, capsys):
    assert call("shadow", folder, tmp_path / "out", "--n", "12") == 0
    assert "aggregates: 12" in capsys.readouterr().out
    estimates = json.loads((tmp_path / "out" / "estimate.json").read_text())["estimates"]
    summary = json.loads((tmp_path / "out" / "shadow.json").read_text())
    recipe = Aggregate.parse(summary["recipe"])
    assert recipe.growth.fractal_dimension == estimates["growth.fractal_dimension"]["in_recipe"]
    assert recipe.materials[1].share == estimates["materials.TiO2.share"]["in_recipe"]
    rows = read(tmp_path / "out" / "shadow.csv")
    assert len(rows) == 12
    counts = [float(row["particles"]) for row in rows]
    assert all(5 <= count <= 20 for count in counts)
    assert summary["descriptors"]["particles"]["mean"] == pytest.approx(np.mean(counts))
    assert (tmp_path / "out" / "shadow.png").stat().st_size > 10_000


def test_the_same_seed_gives_the_same_shadow(folder, tmp_path):
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        assert call("shadow", folder, tmp_path / name, "--n", "5", "--seed", str(seed)) == 0
    one, same, other = ((tmp_path / name / "shadow.csv").read_bytes() for name in ("one", "same", "other"))
    assert one == same != other


def test_descriptors_follow_the_parameters():
    recipe = Aggregate().model_dump(mode="json")

    def grown(dimension, share):
        values = {"growth.fractal_dimension": dimension, "materials.TiO2.share": share, "growth.particles": 60.0}
        found = [Estimate(name, value, value, None, None, None, (0.0, 100.0), {}) for name, value in values.items()]
        return grow(estimated_recipe(recipe, found), 40, 0)[0].mean()

    stretched, dense = grown(1.6, 0.2), grown(2.3, 0.7)
    assert stretched["gyration_over_mean_radius"] > 1.5 * dense["gyration_over_mean_radius"]
    assert stretched["share_TiO2"] == pytest.approx(0.2, abs=0.08)
    assert dense["share_TiO2"] == pytest.approx(0.7, abs=0.08)
    assert number(estimated_recipe(recipe, []).growth.prefactor) == 1.3


def test_a_finished_or_other_run_is_not_overwritten(folder, tmp_path, capsys):
    assert main(train(folder, folder / "model")) == 1
    assert "finished estimator" in capsys.readouterr().err
    assert main(train(folder, folder / "model", "--seed", "1")) == 1
    assert "other inputs or parameters" in capsys.readouterr().err
    (tmp_path / "mine.txt").write_text("mine")
    assert call("estimate", folder, tmp_path) == 1
    assert "not empty" in capsys.readouterr().err


def image(folder, shape=(32, 32), grey=0.0, size=8.0, empty=False):
    folder.mkdir()
    pixels = np.full(shape, grey, np.float32)
    if not empty:
        pixels[10:20, 12:22] += 0.1
    write_micrograph(folder / "one.tif", Micrograph(pixels, size and (size, size)))
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": None}, "--pixel-size"),
        ({"size": 0.5}, "one: the pixel size is 0.5 nm; the estimator was trained at 8 nm"),
        ({"shape": (50, 32)}, "50 x 32 pixels"),
        ({"grey": 200.0}, "grey values from 200"),
        ({"empty": True}, "one: all pixels have the same grey level"),
    ],
)
@pytest.mark.parametrize("command", ["estimate", "shadow"])
def test_images_that_do_not_fit_are_named(folder, tmp_path, capsys, command, changes, message):
    assert call(command, folder, tmp_path / "out", images=image(tmp_path / "images", **changes)) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_pixel_size_can_be_given(folder, tmp_path):
    bare = image(tmp_path / "images", size=None)
    assert call("estimate", folder, tmp_path / "out", "--pixel-size", "8 nm", images=bare) == 0


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{kind: regression, parameter: fractal_dimension}", "Did you mean growth.fractal_dimension"),
        ("{kind: regression, parameter: growth.prefactor}", "growth.prefactor is 1.3 in every sample"),
        ("{kind: batch, parameter: growth.particles}", "learned from 10 images at once"),
        ("{kind: guess, parameter: growth.particles}", "guess"),
    ],
)
def test_targets_that_do_not_fit_are_named(folder, tmp_path, capsys, target, message):
    assert main(train(folder, tmp_path / "out", "--targets", f"[{target}]")) == 1
    assert message in capsys.readouterr().err


def test_without_images_or_model(folder, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert call("estimate", folder, tmp_path / "out", images=tmp_path / "empty") == 1
    assert "contains no images" in capsys.readouterr().err
    assert main(["estimate", str(tmp_path), str(folder / "images"), "--out", str(tmp_path / "out")]) == 1
    assert "holds no estimator" in capsys.readouterr().err


def test_a_shadow_needs_aggregates(tmp_path, capsys):
    (tmp_path / "recipe.yaml").write_text("kind: shapes\nheight_px: 32\nwidth_px: 32\nlevel: uniform(0.1, 0.9)\n")
    (tmp_path / "train.yaml").write_text(
        TRAINING.partition("targets")[0] + "targets: [{kind: regression, parameter: level}]"
    )
    made = ["synthesize", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "made.zarr"), "--count", "12"]
    assert main(made) == 0
    assert main(train(tmp_path, tmp_path / "model")) == 0
    assert call("shadow", tmp_path, tmp_path / "out", images="made.zarr") == 1
    assert "a recipe of kind 'shapes'; a shadow needs aggregates" in capsys.readouterr().err
