"""The estimator that comes along."""

import json
from pathlib import Path

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.estimator.kind import HETERO, NOTE, EstimatorKind
from particleforge.models.estimator.target import Batch
from particleforge.models.opening import find_model, open_model
from particleforge.recipes.any import read_recipe
from particleforge.recipes.fields import innermost, value_of
from particleforge.recipes.recipe import make_sample
from particleforge.store.micrographs import write_micrograph
from particleforge.workflows.estimate import estimate

GROUPS = 24
AT_ONCE = 10


@pytest.fixture(scope="module")
def groups():
    """Ten images of each of some materials nobody learned from."""
    recipe = read_recipe(str(HETERO / "recipe.yaml")).replace(seed=20, batches=GROUPS)
    return [[make_sample(recipe.of_batch(k), None, k, i) for i in range(AT_ONCE)] for k in range(GROUPS)]


def test_it_is_found_by_its_name(tmp_path, monkeypatch):
    assert find_model("hetero") == (EstimatorKind, HETERO)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hetero").mkdir()
    (tmp_path / "hetero" / NOTE).touch()
    assert find_model("hetero") == (EstimatorKind, HETERO)  # a folder of that name is meant by ./hetero only
    assert find_model("./hetero") == (EstimatorKind, Path("hetero"))


def test_an_empty_image_is_refused_by_its_name():
    empty = Micrograph(np.full((64, 64), 0.01, np.float32), (2.0, 2.0), name="empty")
    with pytest.raises(UserError, match=r"empty: all pixels have the same grey level.*Leave this image out"):
        open_model("hetero", "estimator").estimate([empty])


def test_it_beats_guessing_the_middle_of_the_range(groups):
    model = open_model("hetero", "estimator")
    found = [model.estimate([sample.micrograph for sample in samples]) for samples in groups]
    for k, part in enumerate(model.parts):
        asked = np.array([value_of(innermost(samples[0].recipe), part.target.parameter) for samples in groups])
        guessed = np.abs(asked - np.mean(part.limits)).mean()
        said = np.array([estimates[k].value for estimates in found])
        assert np.abs(said - asked).mean() < 0.6 * guessed, part.target.parameter
        if not isinstance(part.target, Batch):
            shown = np.array([part.target.of_sample(sample) for samples in groups for sample in samples])
            each = np.concatenate([estimates[k].per_image for estimates in found])
            assert np.abs(each - shown).mean() < 0.6 * np.abs(shown - np.mean(part.limits)).mean()


def test_images_of_the_usual_pixel_size_are_taken(tmp_path):
    model = open_model("hetero", "estimator")
    recipe = read_recipe(str(HETERO / "recipe.yaml")).recipe
    imaging = recipe.imaging.replace(dose=4500, jitter_px=0.1)
    fine = recipe.replace(height_px=512, width_px=512, pixel_size_nm=0.5, imaging=imaging)
    samples = [make_sample(fine, None, 3, i) for i in range(4)]
    for i, sample in enumerate(samples):
        write_micrograph(tmp_path / f"{i}.tif", sample.micrograph)
    found = estimate("hetero", tmp_path, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "estimate.json").read_text())
    assert written["model"] == "hetero"
    assert list(written["estimates"]) == [part.target.parameter for part in model.parts]
    for part, one, most in zip(model.parts, found, (0.25, 0.15), strict=False):
        shown = [part.target.of_sample(sample) for sample in samples]
        assert np.abs(one.per_image - shown).mean() < most, part.target.parameter
