import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.models.stardist.kind import BASE
from particleforge.recipes.any import parse_recipe, read_recipe
from particleforge.recipes.mix.recipe import Mix
from particleforge.recipes.recipe import make_sample

BRIGHT, DARK = (
    {"kind": "shapes", "height_px": 48, "width_px": 48, "coverage": 0, "lettering": 0, "level": level,
     "imaging": {"tone": {"dark": tone, "bright": tone + 0.01}}}
    for level, tone in ((0.8, 0.9), (0.2, 0.1))
)  # fmt: skip


def means(shares, count=60):
    mix = Mix.parse({"recipes": (BRIGHT, DARK), "shares": shares})
    prepared = mix.prepare([])
    return [make_sample(mix, prepared, 0, i).micrograph.pixels.mean() for i in range(count)]


def test_every_recipe_has_its_share():
    bright = np.mean([mean > 128 for mean in means((1, 3))])
    assert bright == pytest.approx(0.25, abs=0.15)
    assert all(mean > 128 for mean in means((1, 1e-9), 5))


def test_a_sample_keeps_the_recipe_it_was_drawn_from():
    mix = Mix.parse({"recipes": (BRIGHT, DARK), "shares": (1, 1)})
    sample = make_sample(mix, mix.prepare([]), 0, 0)
    assert parse_recipe(sample.recipe).kind == "shapes"


def test_sizes_must_agree():
    mix = Mix.parse({"recipes": (BRIGHT, {**DARK, "width_px": 64}), "shares": (1, 1)})
    with pytest.raises(UserError, match="Recipe 2 makes images of 48 x 64 px"):
        mix.prepare([])


def test_every_recipe_needs_a_share():
    with pytest.raises(UserError, match="2 recipes but 1 shares"):
        Mix.parse({"recipes": (BRIGHT, DARK)})


def test_the_recipe_of_the_second_base_detector_is_valid():
    mix = read_recipe(str(BASE / "recipe_2.yaml"))
    prepared = mix.prepare([])
    assert mix.frame(prepared)[0] == (256, 256)
    samples = [make_sample(mix, prepared, 0, i) for i in range(12)]
    assert any(sample.labels.any() for sample in samples)
