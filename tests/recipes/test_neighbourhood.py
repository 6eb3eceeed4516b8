import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.draws import Choice, Uniform, fix
from particleforge.errors import UserError
from particleforge.recipes.any import parse_recipe, read_recipe
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.neighbourhood.recipe import Neighbourhood, moved
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.render.geometry.metaball import Metaball
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.seeds import stream

SMALL = Shapes(height_px=64, width_px=64)


def fixed(seed, recipe=SMALL):
    return fix(recipe, np.random.default_rng(seed))


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.floats(0, 1))
def test_moved_parameters_are_fixed_and_stay_in_their_distributions(seed, spread):
    one = fixed(seed)
    other = moved(one, SMALL, spread, np.random.default_rng(seed))
    assert fix(other, np.random.default_rng(0)) == other
    low, high = SMALL.first.diameter_px.support
    assert low <= other.first.diameter_px <= high
    assert type(other.first.outlines[0]) is type(one.first.outlines[0])
    assert other.overlap in SMALL.overlap.values


def test_steps_are_a_share_of_the_quantiles():
    one = fixed(0, SMALL.replace(level=Uniform(low=0, high=1))).replace(level=0.5)
    origin = SMALL.replace(level=Uniform(low=0, high=1))
    levels = [moved(one, origin, 0.1, np.random.default_rng(i)).level for i in range(200)]
    assert min(levels) == pytest.approx(0.4, abs=0.05)
    assert max(levels) == pytest.approx(0.6, abs=0.05)
    assert np.std(levels) > 0.04


def test_without_spread_only_what_is_drawn_per_particle_changes():
    origin = SMALL.replace(overlap=Choice(values=(0, 0.3)))
    one = fixed(3, origin)
    same = moved(one, origin, 0, np.random.default_rng(1))
    assert same.overlap == one.overlap
    assert same.first.diameter_px == pytest.approx(one.first.diameter_px, rel=0.02)


def test_samples_lie_near_one_of_the_given():
    around = tuple(fixed(seed) for seed in range(3))
    recipe = Neighbourhood(recipe=SMALL, around=around, spread=0)
    sizes = [one.first.diameter_px for one in around]
    for index in range(6):
        sample = make_sample(recipe, recipe.prepare(()), 0, index)
        drawn = Shapes.parse(sample.recipe).first.diameter_px
        assert min(abs(drawn / size - 1) for size in sizes) < 0.02


def test_a_written_recipe_is_read_again(tmp_path):
    recipe = Neighbourhood(recipe=SMALL, around=(fixed(0), fixed(1)))
    path = tmp_path / "near.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert read_recipe(str(path)) == recipe
    one, again = (make_sample(recipe, None, 5, 2) for recipe in (recipe, read_recipe(str(path))))
    np.testing.assert_array_equal(one.micrograph.pixels, again.micrograph.pixels)


def test_a_neighbourhood_of_nothing_is_the_recipe_itself():
    recipe = read_recipe("neighbourhood")
    sizes = [Shapes.parse(make_sample(recipe, None, 0, i).recipe).first.diameter_px for i in range(4)]
    assert np.ptp(np.log(sizes)) > 0.3


def test_samples_of_another_recipe_are_refused():
    with pytest.raises(UserError, match="around contains parameters of cutpaste, but recipe is shapes"):
        Neighbourhood.parse({"recipe": SMALL, "around": (fix(CutPaste(), stream(0, "a")),)})


def test_parameters_in_lists_are_moved_too():
    origin = Render(
        populations=(Population(geometries=(Metaball(), Metaball(neck=0))),), particles=Uniform(low=5, high=9)
    )
    one = fixed(0, origin)
    counts = [moved(one, origin, 0.2, np.random.default_rng(i)).particles for i in range(50)]
    assert np.ptp(counts) > 1
    other = moved(one, origin, 0.2, np.random.default_rng(0))
    assert fix(other, np.random.default_rng(0)) == other
    assert other.populations[0].geometries == one.populations[0].geometries
    assert isinstance(Neighbourhood(recipe=origin, around=(one,)), Neighbourhood)


@pytest.mark.parametrize("given", ["hetero", "aggregate", "FILE", {"kind": "neighbourhood", "recipe": "shapes"}])
def test_any_recipe_is_taken_by_data_kind_preset_or_file(tmp_path, given):
    path = tmp_path / "mine.yaml"
    path.write_text("kind: shapes\nheight_px: 48\n", encoding="utf-8")
    recipe = parse_recipe({"kind": "neighbourhood", "recipe": str(path) if given == "FILE" else given})
    expected = (
        read_recipe(str(path)) if given == "FILE" else read_recipe(given) if isinstance(given, str) else Neighbourhood()
    )
    assert recipe.recipe == expected
    assert parse_recipe(recipe.model_dump(mode="json")) == recipe


def test_what_is_no_recipe_is_refused_with_its_place():
    message = "recipe = 'shape': 'shape' is not a recipe file, a kind of recipe or a preset. Did you mean 'shapes'?"
    with pytest.raises(UserError, match=re.escape(message)):
        parse_recipe({"kind": "neighbourhood", "recipe": "shape"})
    with pytest.raises(UserError, match=r"recipe\.shapes\.height_px = 1"):
        parse_recipe({"kind": "neighbourhood", "recipe": {"kind": "shapes", "height_px": 1}})


def test_previews_and_what_is_kept_are_those_of_the_recipe_inside():
    origin = Render(samples_per_pixel=64)
    recipe = Neighbourhood(recipe=Neighbourhood(recipe=origin), around=(fixed(0, Neighbourhood(recipe=origin)),))
    assert recipe.innermost == origin
    assert recipe.coarse().recipe.recipe.samples_per_pixel == recipe.coarse().around[0].recipe.samples_per_pixel == 4
    assert recipe.context_key() == origin.context_key() == origin.replace(particles=3).context_key()
    assert recipe.context_key() != Neighbourhood(recipe=origin.replace(threads=2)).context_key()
    assert SMALL.coarse() == SMALL
    assert Neighbourhood(recipe=CutPaste()).innermost.takes_annotated and not recipe.innermost.takes_annotated


def test_a_file_that_holds_itself_is_refused(tmp_path):
    path = tmp_path / "near.yaml"
    path.write_text(f"kind: neighbourhood\nrecipe: {path}\n", encoding="utf-8")
    with pytest.raises(UserError, match="contains itself"):
        read_recipe(str(path))
