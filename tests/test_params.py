import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from particleforge.draws import Uniform
from particleforge.errors import UserError
from particleforge.plain_data import read_yaml
from particleforge.recipes.cutpaste.canvases.flat import Flat
from particleforge.recipes.cutpaste.canvases.texture import Texture
from particleforge.recipes.cutpaste.cutouts import CutoutRule
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.workflows.learn import LearnParams

spans = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted).map(lambda pair: Uniform(low=pair[0], high=pair[1]))
recipes = st.builds(
    CutPaste,
    height_px=st.none() | st.integers(16, 65536),
    particles=st.none() | st.integers(0, 1000).map(float) | spans,
    overlap=st.floats(0, 0.95),
    clustering=spans | st.floats(0, 1),
    flip=st.booleans(),
    canvas=st.builds(Texture, patch_px=st.integers(3, 512)) | st.just(Flat()),
    cutouts=st.builds(CutoutRule, max_contact=st.floats(0, 1)),
)


@given(recipes)
def test_yaml_and_back(tmp_path_factory, recipe):
    path = tmp_path_factory.mktemp("yaml") / "recipe.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert CutPaste.from_yaml(path) == recipe


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_numbers_must_be_finite(value):
    with pytest.raises(UserError, match="finite"):
        Uniform.parse({"high": value})


@pytest.mark.parametrize(
    ("cls", "data", "message"),
    [
        (CutPaste, {"overlapp": 0.1}, "There is no parameter 'overlapp'. Did you mean 'overlap'?"),
        (LearnParams, {"training": {"stepz": 3}}, "no parameter 'training.stardist.stepz'. Did you mean 'steps'?"),
        (LearnParams, {"training": {"augment": {"gama": 1}}}, "Did you mean 'gamma'?"),
        (CutPaste, {"canvas": {"kind": "texture", "patchpx": 5}}, "Did you mean 'patch_px'?"),
        (CutPaste, {"canvas": {"kind": "flat", "qqq": 5}}, "Available: kind."),
        (CutPaste, {"min_visible": 2}, "min_visible = 2: Input should be less than or equal to 1."),
        (
            LearnParams,
            {"training": {"steps": 0}},
            "training.stardist.steps = 0: Input should be greater than or equal to 1.",
        ),
        (LearnParams, {"training": {"steps": 0}}, "steps: Optimiser steps"),
        (CutPaste, {"overlap": {"kind": "uniform", "lo": 0}}, "There is no parameter 'lo'. Did you mean 'low'?"),
    ],
)
def test_a_refusal_names_the_parameter_and_a_hint(cls, data, message):
    with pytest.raises(UserError) as caught:
        cls.parse(data)
    assert message in str(caught.value)


def test_all_problems_are_reported_at_once():
    with pytest.raises(UserError, match=r"'flipp'.*min_visible = 7|min_visible = 7.*'flipp'"):
        CutPaste.parse({"flipp": True, "min_visible": 7})


def test_replace_checks_and_leaves_the_original():
    recipe = CutPaste()
    assert recipe.replace(flip=False).flip is False
    assert recipe.flip is True
    with pytest.raises(UserError, match="min_visible = -1"):
        recipe.replace(min_visible=-1)
    with pytest.raises(UserError, match="no parameter"):
        recipe.replace(nothing=1)


def test_parameters_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        CutPaste().flip = False


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"a: [1", "not valid YAML"),
        (b"- 1\n- 2\n", "holds a list"),
        (b"", "is empty"),
        (b"a: \xff\xfe", "not valid YAML"),
    ],
)
def test_bad_files_are_refused(tmp_path, content, message):
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_yaml(path)


def test_a_folder_is_not_a_parameter_file(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_yaml(tmp_path)


def test_yaml_is_plain():
    assert yaml.safe_load(CutPaste().to_yaml())["scale"] == {"kind": "uniform", "low": 0.8, "high": 1.25}


def test_what_has_changed_gives_the_same_parameters_again():
    from particleforge.measurement.rules import Rules

    for entered in ({}, {"border": "drop"}, {"border": {"kind": "guard_frame", "guard_px": 3}, "smallest_px": 4}):
        rules = Rules.parse(entered)
        assert set(rules.changed()) == set(entered)
        assert Rules.parse(rules.changed()) == rules
