from pathlib import Path

import numpy as np
import pytest

import particleforge.recipes.aggregate
from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.recipes.aggregate.descriptors import components, contact_pairs, read_truth
from particleforge.recipes.aggregate.detector import Detector
from particleforge.recipes.aggregate.imaging.haadf import Haadf
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.aggregate.scattering import coefficient_per_nm
from particleforge.recipes.any import presets, read_recipe
from particleforge.recipes.named import names
from particleforge.recipes.neighbourhood.recipe import moved
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.sample import TRUTH_COLUMNS

PACKAGE = Path(particleforge.recipes.aggregate.__file__).parent
SMALL = Aggregate(height_px=256, width_px=192)


def test_a_sample_holds_together():
    for index in range(12):
        sample = make_sample(SMALL, None, 0, index)
        truth = sample.truth
        assert sample.micrograph.shape == (256, 192)
        assert sample.micrograph.square_pixel_size_nm == pytest.approx(0.5)
        visible = np.bincount(sample.labels.ravel(), minlength=len(truth) + 1)[1:]
        assert ((visible > 0) == (truth["visible_fraction"] > 0)).all()
        assert truth["visible_fraction"].between(0, 1).all()
        assert 20 <= len(truth) <= 70
        rows, columns = np.nonzero(sample.labels)
        one = truth.iloc[sample.labels[rows, columns] - 1]
        assert (np.hypot(rows - one["y_px"], columns - one["x_px"]) <= one["diameter_px"] / 2).all()
        assert set(truth.columns) - set(TRUTH_COLUMNS) == {"rank", "df_error"}


def test_the_sphere_nearest_to_the_source_is_on_top():
    truth = make_sample(SMALL, None, 0, 1).truth
    top = truth.loc[truth["rank"] == 1].iloc[0]
    assert top["z_nm"] == truth["z_nm"].max()


def test_a_sample_depends_on_seed_and_index_alone():
    one, again, other = (make_sample(SMALL, None, 3, i) for i in (5, 5, 6))
    np.testing.assert_array_equal(one.micrograph.pixels, again.micrograph.pixels)
    np.testing.assert_array_equal(one.labels, again.labels)
    assert (one.micrograph.pixels != other.micrograph.pixels).any()


def test_a_fixed_recipe_is_kept_with_the_sample_and_is_a_recipe_again():
    fixed = Aggregate.parse(make_sample(SMALL, None, 0, 2).recipe)
    assert fix(fixed, np.random.default_rng(0)) == fixed
    assert isinstance(fixed.materials[1].share, float)


def test_samples_near_one_have_materials_near_its():
    fixed = Aggregate.parse(make_sample(SMALL, None, 0, 2).recipe)
    near = moved(fixed, SMALL, 0.02, np.random.default_rng(0))
    assert near.materials[1].share != fixed.materials[1].share
    assert near.materials[1].share == pytest.approx(fixed.materials[1].share, abs=0.05)
    assert near.growth.fractal_dimension == pytest.approx(fixed.growth.fractal_dimension, abs=0.05)


@pytest.mark.parametrize("name", sorted(name for name, path in presets().items() if "aggregate" in path.parts))
def test_presets_give_images(name):
    recipe = read_recipe(name)
    truths = [make_sample(recipe, None, 0, index).truth for index in range(3)]
    assert np.concatenate([truth["visible_fraction"] for truth in truths]).mean() > 0.3


@pytest.mark.parametrize("name", names(PACKAGE / "materials"))
def test_materials_can_be_named(name):
    (material,) = Aggregate.parse({"materials": [name]}).materials
    assert 0.02 < 1000 * coefficient_per_nm(material.formula, material.density_g_cm3, 300, (62, 231)) < 10


def test_detectors_can_be_named():
    found = [Haadf.parse({"detector": name}).detector for name in names(PACKAGE / "detectors")]
    assert Detector() in found
    with pytest.raises(UserError, match="'hadf' is not one of the detectors; available: "):
        Haadf.parse({"detector": "hadf"})


def test_a_dataset_keeps_whole_aggregates(tmp_path):
    dataset = draw_dataset(SMALL, [], tmp_path / "d.zarr", SynthesizeParams(count=3))
    for index, sample in enumerate(dataset):
        spheres, names = read_truth(sample.truth)
        assert set(names) <= {"TiO2", "WO3"}
        assert components(contact_pairs(spheres), len(spheres))[0] == 1
        np.testing.assert_array_equal(sample.micrograph.pixels, make_sample(SMALL, None, 0, index).micrograph.pixels)


def test_what_does_not_fit_is_turned_so_that_more_of_it_does():
    chains = read_recipe("chains").replace(height_px=128, width_px=512, pixel_size_nm=1)
    shown = [make_sample(chains, None, 0, index).truth["visible_fraction"].mean() for index in range(8)]
    assert np.mean(shown) > 0.4
