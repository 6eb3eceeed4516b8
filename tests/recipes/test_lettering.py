import numpy as np
import pytest

from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.lettering import write_letters
from particleforge.recipes.recipe import make_sample
from particleforge.sample import Sample


def test_letters_have_the_extreme_greys_and_leave_most_of_the_canvas_alone():
    canvas = np.full((300, 400), 100, np.float32)
    write_letters(canvas, 3, (0, 255), np.random.default_rng(1))
    assert set(np.unique(canvas)) & {0.0, 255.0}
    assert 0.0005 < (canvas != 100).mean() < 0.3


@pytest.mark.parametrize("shape", [(16, 16), (20, 400), (400, 20), (1, 1)])
def test_any_canvas_will_do(shape):
    canvas = np.zeros(shape, np.float32)
    write_letters(canvas, 5, (-1, 1), np.random.default_rng(2))
    assert np.isfinite(canvas).all()
    assert abs(canvas).max() <= 1


def test_no_letters_where_none_are_wanted():
    canvas = np.full((50, 50), 7, np.float32)
    write_letters(canvas, 0, (0, 255), np.random.default_rng(3))
    assert (canvas == 7).all()


def test_letters_are_no_particles():
    """Exactly the asked particles are labelled, however many letters there are."""
    labels = np.zeros((128, 128), np.uint32)
    labels[40:60, 40:60] = 1
    source = Sample(Micrograph(np.where(labels > 0, 150, 60).astype(np.uint8), name="a"), labels)
    recipe = CutPaste(particles=5, lettering=20)
    sample = make_sample(recipe, recipe.prepare([source]), 0, 0)
    assert len(np.unique(sample.labels)) == 6
    assert (sample.micrograph.pixels[sample.labels == 0] == 60).mean() < 0.99
