import json

import numpy as np
from PIL import Image

from particleforge.cli import main
from particleforge.plain_data import read_yaml
from particleforge.recipes.any import presets


def test_all_are_listed_with_what_they_are(capsys):
    assert main(["recipes", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert set(listed) == set(presets())
    assert "secondary electrons" in listed["silica_spheres"]


def test_one_is_shown_as_a_file_to_begin_with(capsys, tmp_path):
    assert main(["recipes", "gold_rods"]) == 0
    path = tmp_path / "mine.yaml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert read_yaml(path) == read_yaml(presets()["gold_rods"])


def test_a_thumbnail_is_drawn_and_nothing_overwritten(capsys, tmp_path):
    recipe, out = tmp_path / "mine.yaml", tmp_path / "mine.png"
    recipe.write_text("kind: shapes\nheight_px: 64\nwidth_px: 64\n", encoding="utf-8")
    assert main(["recipes", str(recipe), "--thumbnail", str(out)]) == 0
    assert np.asarray(Image.open(out)).shape == (64, 64)
    assert main(["recipes", str(recipe), "--thumbnail", str(out)]) == 1
    assert "nothing is overwritten" in capsys.readouterr().err


def test_a_recipe_that_needs_sources_asks_for_them(capsys, tmp_path):
    assert main(["recipes", "cutpaste", "--thumbnail", str(tmp_path / "mine.png")]) == 1
    assert "needs at least one annotated image" in capsys.readouterr().err
