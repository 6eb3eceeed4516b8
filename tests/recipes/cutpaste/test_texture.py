import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.recipes.cutpaste.texture import exemplar, weave

RNG = np.random.default_rng(0)
WHITE = RNG.normal(120, 9, (128, 160)).astype(np.float32)
GRAINY = ndimage.gaussian_filter(RNG.normal(0, 1, (128, 160)), 1.5, mode="wrap")
GRAINY = (80 + 10 * GRAINY / GRAINY.std()).astype(np.float32)
EVERYWHERE = np.ones(WHITE.shape, bool)


@pytest.mark.parametrize(("image", "side"), [(WHITE, 3), (WHITE, 8), (WHITE, 31), (GRAINY, 16), (GRAINY, 32)])
def test_mean_and_grain_are_those_of_the_background(image, side):
    rng, source = np.random.default_rng(3), exemplar(image, EVERYWHERE, side)
    woven = np.stack([weave(source, (200, 160), rng) for _ in range(12)])
    assert woven.shape == (12, 200, 160)
    assert woven.dtype == np.float32
    assert woven.mean() == pytest.approx(image.mean(), abs=0.1 * float(image.std()))
    assert woven.std() == pytest.approx(image.std(), rel=0.1)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(3, 40))
def test_nothing_but_sure_background_is_woven_in(seed, side):
    rng = np.random.default_rng(seed)
    background = ndimage.gaussian_filter(rng.standard_normal((70, 90)), 6) > rng.uniform(-0.05, 0.05)
    image = np.where(background, rng.normal(100, 5, background.shape), 1e6).astype(np.float32)
    found = exemplar(image, background, side)
    if found is None:
        room = ndimage.minimum_filter(background, 3, mode="constant", cval=0)
        assert room.sum() < 4
        return
    assert found.side <= side
    assert weave(found, (50, 60), rng).max() < 200
    for top, left in found.corners:
        assert background[top : top + found.side, left : left + found.side].all()


def test_patches_shrink_where_background_is_scarce():
    strip = np.zeros((40, 60), bool)
    strip[10:17, 5:50] = True
    assert 3 <= exemplar(np.zeros(strip.shape, np.float32), strip, 32).side <= 7
    assert exemplar(np.zeros(strip.shape, np.float32), ndimage.binary_erosion(strip, iterations=3), 32) is None


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (32, 16), (33, 47)])
def test_any_shape_can_be_woven(shape):
    woven = weave(exemplar(WHITE, EVERYWHERE, 32), shape, np.random.default_rng(0))
    assert woven.shape == shape
    assert np.isfinite(woven).all()
