import os
import signal
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm

import particleforge.recipes.render
from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.recipes.any import read_recipe
from particleforge.recipes.named import names
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.store.dataset import Dataset

PRESETS = Path(particleforge.recipes.render.__file__).parent / "presets"
SMALL = Render(
    height_px=64,
    width_px=80,
    particles=6,
    populations=(Population(diameter_nm=30),),
    samples_per_pixel=2,
    variant="scalar",
    threads=1,
)


def test_a_sample_holds_together(engine):
    sample = make_sample(SMALL, engine, 0, 0)
    assert sample.micrograph.pixels.shape == sample.labels.shape == (64, 80)
    assert sample.micrograph.pixel_size_nm == (2, 2)
    assert set(np.unique(sample.labels)) == set(range(7))
    assert len(sample.truth) == 6
    again = make_sample(SMALL, engine, 0, 0)
    np.testing.assert_array_equal(sample.micrograph.pixels, again.micrograph.pixels)
    fixed = Render.parse(sample.recipe)
    assert fix(fixed, np.random.default_rng(0)) == fixed


@pytest.mark.slow
def test_a_dataset_is_the_same_from_any_number_of_workers(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.to_yaml(), encoding="utf-8")
    recipe = read_recipe(str(path))
    for workers in (1, 2):
        params = SynthesizeParams(count=4, workers=workers, samples_per_shard=2)
        draw_dataset(recipe, [], tmp_path / f"{workers}.zarr", params)
    one, two = (Dataset.open(tmp_path / f"{workers}.zarr") for workers in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.micrograph.pixels, b.micrograph.pixels)
        np.testing.assert_array_equal(a.labels, b.labels)
        assert a.truth.equals(b.truth)


def test_too_many_particles_are_refused_with_the_number_that_fits(engine):
    with pytest.raises(UserError, match=r"400 particles do not fit into 64 x 80 px in this way: only \d+ did"):
        make_sample(SMALL.replace(particles=400), engine, 0, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"populations": [{"diameter_nm": 0}]}, "diameter_nm is 0"),
        ({"populations": [{"diameter_nm": 1}]}, r"A particle of 1 nm was drawn: 0.5 px; 1.5 px can be seen"),
        ({"populations": [{"diameter": 10}]}, r"no parameter 'populations.0.diameter'.*diameter_nm"),
        (
            {"populations": [{"material": "unobtainium"}]},
            r"'unobtainium' is not one of the materials; available: .*gold",
        ),
        ({"populations": []}, "populations"),
        ({"look": "sem_5"}, r"'sem_5' is not one of the instruments"),
        ({"pixel_size_nm": 0}, "pixel_size_nm"),
    ],
)
def test_bad_recipes_are_refused(engine, changes, message):
    with pytest.raises(UserError, match=message):
        make_sample(Render.parse(SMALL.model_dump() | changes), engine, 0, 0)


def test_a_preset_is_written_by_its_name_and_kept_as_its_parameters():
    population = Population.parse({"material": "gold"})
    assert population.material.atomic_number == 79
    assert Population.parse(population.model_dump(mode="json")) == population


@pytest.mark.parametrize("name", names(PRESETS))
def test_every_library_recipe_is_read_by_its_name(name):
    recipe = read_recipe(name)
    assert isinstance(recipe, Render)
    assert read_recipe(str(PRESETS / f"{name}.yaml")) == recipe
    assert type(recipe).parse(recipe.model_dump(mode="json")) == recipe


def test_the_library_covers_every_geometry_placement_and_look():
    recipes = [read_recipe(name) for name in names(PRESETS)]
    kinds = {g.kind for r in recipes for p in r.populations for g in p.geometries}
    assert kinds == {"sphere", "ellipsoid", "cuboid", "rod", "prism", "polyhedron"} | {
        "superellipsoid",
        "potato",
        "worm",
        "metaball",
    }
    assert {r.placement.kind for r in recipes} >= {"scattered", "lattice", "pile", "agglomerate"}
    assert {r.look.kind for r in recipes} >= {"secondary", "backscatter", "transmission", "optical", "categorical"}


@pytest.mark.parametrize("name", ["gold_colloid", "octahedra", "fibres_bright_field"])
def test_a_library_recipe_gives_a_sample(engine, name):
    small = read_recipe(name).replace(height_px=128, width_px=128, particles=4, samples_per_pixel=1)
    sample = make_sample(small, engine, 0, 0)
    assert len(sample.truth) == 4
    assert sample.recipe["variant"] == "scalar"
    assert sample.micrograph.pixels.std() > 5


def test_populations_have_their_shares_sizes_and_names(engine):
    both = SMALL.replace(
        particles=40,
        height_px=256,
        width_px=256,
        populations=(
            Population(name="small", diameter_nm="uniform(10, 14)", share=3),
            Population(name="large", diameter_nm="uniform(40, 50)", material="gold"),
        ),
    )
    truth = make_sample(both, engine, 0, 0).truth
    sizes = truth.groupby("class")["diameter_nm"]
    assert sizes.count()["small"] > 20
    assert sizes.max()["small"] < 14.001
    assert sizes.min()["large"] > 39.999
    assert set(truth.loc[truth["class"] == "large", "material"]) == {"gold"}


def test_drawn_sizes_follow_the_distribution(engine):
    wide = SMALL.replace(
        height_px=128,
        width_px=128,
        particles=20,
        look={"kind": "xray"},
        populations=(Population(diameter_nm="lognormal(24, 1.3)"),),
    )
    drawn = pd.concat([make_sample(wide, engine, 0, i).truth for i in range(5)])
    assert kstest(np.log(drawn["diameter_nm"]), norm(np.log(24), np.log(1.3)).cdf).pvalue > 0.01


def test_what_a_scale_bar_hides_is_not_known(engine):
    sample = make_sample(SMALL.replace(particles=14, scale_bar={"place": "left", "box": True}), engine, 0, 0)
    assert not sample.known[sample.labels > 0].all()
    assert sample.known[sample.labels == 0].all()


@pytest.mark.slow
def test_a_run_whose_renderer_is_killed_ends_with_the_same_images():
    prepared = SMALL.prepare([])
    samples = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(20):
            if i in (7,):
                os.kill(prepared._child._process.pid, signal.SIGKILL)
            samples.append(make_sample(SMALL, prepared, 0, i))
    assert [str(w.message)[:30] for w in caught] == ["Rendered again with scalar_rgb"]
    undisturbed = [make_sample(SMALL, prepared, 0, i) for i in range(20)]
    for sample, other in zip(samples, undisturbed, strict=True):
        np.testing.assert_array_equal(sample.micrograph.pixels, other.micrograph.pixels)
        np.testing.assert_array_equal(sample.labels, other.labels)


@pytest.mark.parametrize("diameter", [1e12, 1e300, "lognormal(1.0e+9, gsd=1.5)"])
def test_particles_too_large_to_draw_are_refused_with_the_limit(diameter):
    recipe = Render.parse({"populations": [{"diameter_nm": diameter}]})
    with pytest.raises(UserError, match=r"px; at most 16384 px are possible"):
        make_sample(recipe, recipe.prepare(()), 0, 0)
