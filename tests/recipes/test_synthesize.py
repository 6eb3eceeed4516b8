import gc
import hashlib
import tracemalloc

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.sample import Sample
from particleforge.store.dataset import Dataset

RECIPE = CutPaste(particles="uniform(2, 6)", height_px=48, width_px=56)
PARAMS = SynthesizeParams(count=11, seed=4, samples_per_shard=3)


@pytest.fixture(scope="module")
def sources():
    rows, columns = np.indices((80, 90))
    labels = np.zeros(rows.shape, np.uint32)
    for label, (y, x, r) in enumerate([(20, 20, 7), (50, 30, 9), (30, 65, 6)], start=1):
        labels[np.hypot(rows - y, columns - x) <= r] = label
    grey = np.random.default_rng(0).normal(80, 5, labels.shape) + 90 * (labels > 0)
    return [Sample(Micrograph(grey.astype(np.uint8), (0.7, 0.7), name="one"), labels)]


def bytes_of(folder):
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert len(files) > 8
    return files


@pytest.fixture(scope="module")
def straight(sources, tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight") / "made.zarr"
    draw_dataset(RECIPE, sources, folder, PARAMS)
    return folder


@pytest.mark.slow
def test_two_workers_write_the_same_bytes(straight, sources, tmp_path):
    draw_dataset(RECIPE, sources, tmp_path / "made.zarr", PARAMS.replace(workers=2))
    assert bytes_of(tmp_path / "made.zarr") == bytes_of(straight)


@pytest.mark.parametrize("reports", [1, 2, 3, 5])
def test_an_interrupted_run_continues_to_the_same_bytes(straight, sources, tmp_path, reports):
    out = tmp_path / "made.zarr"
    steps = draw_dataset.steps(RECIPE, sources, out, PARAMS)
    seen = [next(steps) for _ in range(reports)]
    steps.close()
    rest = list(draw_dataset.steps(RECIPE, sources, out, PARAMS))
    assert bytes_of(out) == bytes_of(straight)
    assert rest[1].done == max(step.done for step in seen)
    assert rest[-1].done == rest[-1].total == 11
    assert rest[-1].preview is None or rest[-1].preview.name == "000010"


def test_a_finished_run_is_left_alone(straight, sources):
    before = bytes_of(straight)
    steps = list(draw_dataset.steps(RECIPE, sources, straight, PARAMS))
    assert [step.done for step in steps] == [0, 11]
    assert bytes_of(straight) == before


def test_samples_in_the_dataset_are_those_of_the_recipe(straight, sources):
    dataset = Dataset.open(straight)
    assert len(dataset) == 11
    assert dataset.meta["seed"] == 4
    assert CutPaste.parse(dataset.meta["recipe"]) == RECIPE
    expected = make_sample(RECIPE, RECIPE.prepare(sources), 4, 7)
    assert dataset[7].name == "000007"
    np.testing.assert_array_equal(dataset[7].micrograph.pixels, expected.micrograph.pixels)
    np.testing.assert_array_equal(dataset[7].labels, expected.labels)
    assert dataset[7].recipe == expected.recipe


@pytest.mark.parametrize(
    ("recipe", "params"),
    [
        (RECIPE.replace(flip=False), PARAMS),
        (RECIPE, PARAMS.replace(seed=5)),
        (RECIPE, PARAMS.replace(count=12)),
    ],
)
def test_other_parameters_into_the_same_folder_are_refused(straight, sources, recipe, params):
    before = bytes_of(straight)
    with pytest.raises(UserError, match=r"already contains another dataset \(11 samples, seed 4\)"):
        draw_dataset(recipe, sources, straight, params)
    assert bytes_of(straight) == before


def test_other_sources_into_the_same_folder_are_refused(straight, sources):
    before = bytes_of(straight)
    (one,) = sources
    other = Sample(Micrograph(255 - one.micrograph.pixels, (0.7, 0.7), name="one"), one.labels)
    with pytest.raises(UserError, match="already contains another dataset"):
        draw_dataset(RECIPE, [other], straight, PARAMS)
    assert bytes_of(straight) == before


def test_anything_else_in_the_place_is_refused(sources, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(UserError):
            draw_dataset(RECIPE, sources, place, PARAMS)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_an_impossible_recipe_is_refused(sources, tmp_path, workers):
    with pytest.raises(UserError, match="900 particles do not fit"):
        recipe = RECIPE.replace(particles=900, overlap=0)
        draw_dataset(recipe, sources, tmp_path / "made.zarr", PARAMS.replace(workers=workers))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_count(sources, tmp_path):
    def peak(count):
        params = SynthesizeParams(count=count, samples_per_shard=8)
        tracemalloc.start()
        for _ in draw_dataset.steps(RECIPE, sources, tmp_path / f"{count}.zarr", params):
            gc.collect()  # otherwise the peak depends on when Python collects cycles
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(8)
    assert peak(96) < 1.2 * peak(24)
