import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.recipes.cutpaste.inpaint import fill_holes

SHAPE = (120, 150)
ROWS, COLUMNS = np.indices(SHAPE)


def discs(*places):
    return np.logical_or.reduce([np.hypot(ROWS - y, COLUMNS - x) <= r for y, x, r in places])


HOLES = discs((40, 40, 12), (80, 100, 20), (0, 140, 9), (100, 20, 3))


def test_without_holes_nothing_changes():
    image = np.random.default_rng(0).random(SHAPE, np.float32)
    filled = fill_holes(image, np.zeros(SHAPE, bool))
    np.testing.assert_array_equal(filled, image)
    assert not np.shares_memory(filled, image)


def test_an_even_image_stays_even():
    image = np.where(HOLES, 250, 90).astype(np.float32)
    np.testing.assert_allclose(fill_holes(image, HOLES), 90, atol=0.01)


@pytest.mark.parametrize("slope", [(0.5, 0.0), (0.0, -0.5), (0.3, 0.4)])
def test_a_ramp_goes_on(slope):
    ramp = (100 + slope[0] * ROWS + slope[1] * COLUMNS).astype(np.float32)
    filled = fill_holes(np.where(HOLES, 0, ramp).astype(np.float32), HOLES)
    inner = discs((40, 40, 12), (80, 100, 20), (100, 20, 3))
    error = np.abs(filled - ramp)[inner]
    assert error.mean() < 2  # an even fill: 4; of 20 grey values across the largest hole
    assert error.max() < 6


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 119), st.integers(0, 149), st.integers(0, 30)), min_size=1, max_size=6))
def test_what_is_known_is_never_touched(places):
    image = np.random.default_rng(1).normal(100, 10, SHAPE).astype(np.float32)
    hole = discs(*places)
    filled = fill_holes(image, hole)
    assert filled.dtype == np.float32
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    assert np.isfinite(filled).all()
    assert image[~hole].min() - 60 < filled.min()
    assert filled.max() < image[~hole].max() + 60


def test_the_grain_goes_on():
    image = np.random.default_rng(2).normal(100, 8, SHAPE).astype(np.float32)
    filled = fill_holes(np.where(HOLES, 1e4, image).astype(np.float32), HOLES)
    assert filled[HOLES].std() == pytest.approx(image[~HOLES].std(), rel=0.15)
    assert filled[HOLES].mean() == pytest.approx(100, abs=1)


def test_a_single_known_pixel_is_enough():
    hole = np.ones((30, 40), bool)
    hole[11, 13] = False
    np.testing.assert_allclose(fill_holes(np.where(hole, 0, 7).astype(np.float32), hole), 7, atol=1e-3)
