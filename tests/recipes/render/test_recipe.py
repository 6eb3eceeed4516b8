import numpy as np
import pytest

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.recipes.any import read_recipe
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.synthesize import SynthesizeParams, synthesize
from particleforge.store.dataset import Dataset

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


def test_a_dataset_is_the_same_from_any_number_of_workers(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.to_yaml(), encoding="utf-8")
    recipe = read_recipe(str(path))
    for workers in (1, 2):
        params = SynthesizeParams(count=4, workers=workers, samples_per_shard=2)
        synthesize(recipe, [], tmp_path / f"{workers}.zarr", params)
    one, two = (Dataset.open(tmp_path / f"{workers}.zarr") for workers in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.micrograph.pixels, b.micrograph.pixels)
        np.testing.assert_array_equal(a.labels, b.labels)
        assert a.truth.equals(b.truth)


def test_too_many_particles_are_refused_with_the_number_that_fits(engine):
    with pytest.raises(UserError, match=r"400 particles do not fit into 64 x 80 px in this way: \d+ did"):
        make_sample(SMALL.replace(particles=400), engine, 0, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"populations": [{"diameter_nm": 0}]}, "diameter_nm is 0"),
        ({"populations": [{"diameter_nm": 1}]}, r"A particle of 1 nm was drawn: 0.5 px; 1.5 px can be seen"),
        ({"populations": [{"diameter": 10}]}, r"no parameter 'populations.0.diameter'.*diameter_nm"),
        ({"populations": [{"material": "unobtainium"}]}, r"'unobtainium' is none of the materials; there are.*gold"),
        ({"populations": []}, "populations"),
        ({"look": "sem_5"}, r"'sem_5' is none of the instruments"),
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
