import re

import pytest

from particleforge.errors import UserError
from particleforge.recipes.any import RECIPES, read_recipe
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.warp.recipe import Warp


@pytest.mark.parametrize(("kind", "cls"), [("cutpaste", CutPaste), ("warp", Warp)])
def test_every_kind_is_read_by_name_and_from_a_file(tmp_path, kind, cls):
    assert RECIPES.get(kind) is cls
    assert read_recipe(kind) == cls()
    path = tmp_path / "mine.yaml"
    path.write_text(cls().to_yaml(), encoding="utf-8")
    assert read_recipe(str(path)) == cls()
    path.write_text(f"kind: {kind}\n", encoding="utf-8")
    assert read_recipe(str(path)) == cls()


def test_parameters_come_from_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("kind: cutpaste\nparticles: uniform(3, 9)\ncanvas: {kind: flat}\n", encoding="utf-8")
    recipe = read_recipe(str(path))
    assert recipe.particles.support == (3, 9)
    assert recipe.canvas.kind == "flat"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: cutpast", r"'cutpast' is not a kind of recipe. Did you mean 'cutpaste'"),
        ("particles: 3", r"None is not a kind of recipe. Available: aggregate, "),
        ("kind: [1]", r"\[1\] is not a kind of recipe. Available: aggregate, "),
        ("kind: cutpaste\nparticle: 3", r"no parameter 'particle'. Did you mean 'particles'"),
        ("kind: cutpaste\noverlap: 2", r"overlap = 2: it is 2; the allowed range is 0 to 0.95"),
        ("kind: warp\noverlap: 0.2", r"no parameter 'overlap'"),
        ("- cutpaste", r"holds a list"),
        ("kind: [", r"not valid YAML"),
    ],
)
def test_bad_files_are_refused(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_recipe(str(path))


def test_neither_file_nor_kind():
    message = "'cutpast' is not a recipe file, a kind of recipe or a preset. Did you mean 'cutpaste'?"
    with pytest.raises(UserError, match=re.escape(message)):
        read_recipe("cutpast")
