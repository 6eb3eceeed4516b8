import pickle

import numpy as np
import pytest

from particleforge.draws import Uniform
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.warp.deformations.grid import GridWarp
from particleforge.recipes.warp.deformations.scale import RandomScale
from particleforge.recipes.warp.recipe import Warp
from particleforge.sample import Sample


def sources():
    labels = np.zeros((60, 80), np.uint32)
    labels[20:40, 20:40] = 3
    small = Sample(Micrograph((labels * 50).astype(np.uint8), name="small"), labels)
    large = Sample(Micrograph(np.zeros((90, 70), np.uint16), name="large"), np.zeros((90, 70), np.uint32))
    return [small, large]


def test_samples_depend_on_seed_and_index_only():
    recipe = Warp()
    prepared = pickle.loads(pickle.dumps(recipe.prepare(sources())))
    later = make_sample(recipe, prepared, 1, 7)
    make_sample(recipe, prepared, 1, 8)
    again = make_sample(recipe, recipe.prepare(sources()), 1, 7)
    assert later.micrograph.pixels.tobytes() == again.micrograph.pixels.tobytes()
    assert later.recipe == again.recipe


def test_samples_fit_the_frame_and_come_from_every_source():
    recipe = Warp(deformation=RandomScale(scale=Uniform(low=0.5, high=2)))
    prepared = recipe.prepare(sources())
    shape, dtype = recipe.frame(prepared)
    assert (shape, dtype) == ((90, 80), np.uint16)
    samples = [make_sample(recipe, prepared, 0, i) for i in range(12)]
    assert {bool(sample.labels.any()) for sample in samples} == {True, False}  # of the small one, of the large one
    for sample in samples:
        assert sample.micrograph.pixels.dtype == dtype
        assert all(have <= most for have, most in zip(sample.labels.shape, shape, strict=True))


def test_the_recipe_of_a_sample_is_fixed_and_gives_it_again():
    recipe = Warp(deformation=GridWarp(amplitude=Uniform(low=0.1, high=0.4)))
    prepared = recipe.prepare(sources())
    sample = make_sample(recipe, prepared, 4, 0)
    fixed = Warp.parse(sample.recipe)
    assert isinstance(fixed.deformation, GridWarp)
    assert 0.1 <= fixed.deformation.amplitude <= 0.4
    again = make_sample(fixed, prepared, 4, 0)
    assert again.labels.tobytes() == sample.labels.tobytes()


def test_no_source_is_refused():
    with pytest.raises(UserError, match="none was given"):
        Warp().prepare([])


def test_a_deformation_is_chosen_by_its_kind():
    recipe = Warp.parse({"deformation": {"kind": "scale", "scale": "uniform(0.9, 1.1)"}})
    assert recipe.deformation == RandomScale(scale=Uniform(low=0.9, high=1.1))
