import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.recipes.any import parse_recipe
from particleforge.recipes.fields import value_of
from particleforge.recipes.recipe import Drawn

DATA = {
    "kind": "batches",
    "batches": 5,
    "shared": ["growth.fractal_dimension", "materials.TiO2.share"],
    "recipe": {
        "kind": "aggregate",
        "height_px": 32,
        "width_px": 32,
        "pixel_size_nm": 8,
        "growth": {"kind": "paper", "particles": "uniform(5, 30)"},
    },
}


def drawn(count=40, **changes):
    recipe = parse_recipe(DATA | changes)
    return [sample.recipe for sample in Drawn(recipe, recipe.prepare([]), 0, count)]


def values(samples, name):
    return {value_of(sample, name) for sample in samples}


def test_samples_of_a_batch_share_what_they_should_and_nothing_else():
    samples = drawn()
    assert len(values(samples, "growth.fractal_dimension")) == 5
    pairs = {(value_of(s, "growth.fractal_dimension"), value_of(s, "materials.TiO2.share")) for s in samples}
    assert len(pairs) == 5
    assert len(values(samples, "growth.particles")) == 40
    assert {sample["kind"] for sample in samples} == {"aggregate"}


def test_batches_depend_on_their_own_seed_alone():
    same, other = drawn(batches=5), drawn(seed=1)
    assert values(drawn(), "growth.fractal_dimension") == values(same, "growth.fractal_dimension")
    assert not values(same, "growth.fractal_dimension") & values(other, "growth.fractal_dimension")


def test_without_names_all_is_shared():
    assert len(values(drawn(shared=[]), "growth.particles")) == 5


@pytest.mark.parametrize("name", ["growth.fractal", "materials.TiO2.orientation_factor"])
def test_what_cannot_be_shared_is_refused(name):
    with pytest.raises(UserError, match=r"no parameter|not one number"):
        drawn(shared=[name])


def test_a_neighbourhood_comes_in_batches_too():
    neighbourhood = {
        "kind": "neighbourhood",
        "recipe": DATA["recipe"],
        "around": [DATA["recipe"] | {"pixel_size_nm": 4}],
        "spread": 0,
    }
    samples = drawn(10, recipe=neighbourhood, shared=[], batches=2)
    assert {sample["pixel_size_nm"] for sample in samples} == {4}
    apart = np.diff(sorted(values(samples, "growth.particles"))) > 0.5  # ranks are rounded a little
    assert apart.sum() == 1
