import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.estimator.preparation import Preparation, PrepareParams, pooled

PREPARATION = Preparation(pool=2, height_px=16, width_px=24, pixel_size_nm=1.0, low=0.0, high=1.0)


def image(shape=(16, 24), grey=0.5, size=1.0):
    return Micrograph(np.full(shape, grey, np.float32), None if size is None else (size, size), name="one")


@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 2**32))
def test_pooling_is_the_mean_of_blocks(pool, rest, seed):
    pixels = np.random.default_rng(seed).random((3 * pool + rest % pool, 2 * pool)).astype(np.float32)
    small = pooled(pixels, pool)
    assert small.shape == (3, 2)
    assert small[2, 1] == pytest.approx(pixels[2 * pool : 3 * pool, pool : 2 * pool].mean(), rel=1e-5)


def test_grey_values_become_levels():
    ramp = np.repeat(np.linspace(0, 1, 24, dtype=np.float32)[None], 16, 0)
    prepared = PREPARATION.replace(pool=1, levels=3)(Micrograph(ramp, (1, 1)))
    assert np.unique(prepared).tolist() == [0, 128, 255]
    assert (PREPARATION(image(grey=0.5)) == 128).all()
    assert (PREPARATION(image(grey=1.5)) == 255).all()


def test_the_root_brings_out_what_is_faint():
    root = PREPARATION.replace(curve="root")
    assert (root(image(grey=0.25)) == 128).all()
    assert (root(image(grey=1.0)) == 255).all()
    assert (root(image(grey=-0.1)) == 0).all()


def test_per_image_does_not_hang_on_factor_and_offset():
    rng = np.random.default_rng(0)
    pixels = rng.random((16, 24)).astype(np.float32)
    preparation = PREPARATION.replace(grey="per_image")
    one, other = preparation(Micrograph(pixels, (1, 1))), preparation(Micrograph(1000 + 64 * pixels, (1, 1)))
    assert np.abs(one.astype(int) - other).max() <= 1
    assert (one.min(), one.max()) == (0, 255)


def test_small_images_lie_in_the_middle_of_their_ground():
    pixels = np.full((8, 8), 0.2, np.float32)
    pixels[2:6, 2:6] = 1
    prepared = PREPARATION(Micrograph(pixels, (1, 1)))
    assert prepared.shape == (8, 12)
    rows, columns = np.nonzero(prepared == 255)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 4, 5, 6)
    assert (prepared == 51).sum() == 96 - 4


def test_images_are_resized_to_the_pixel_size_learned_from():
    rows, columns = np.indices((64, 96)) - np.array([31.5, 47.5])[:, None, None]
    fine = (np.hypot(rows, columns) < 20).astype(np.float32)
    coarse = fine.reshape(16, 4, 24, 4).mean((1, 3))
    found = PREPARATION(Micrograph(fine, (0.25, 0.25)))
    wanted = PREPARATION(Micrograph(coarse, (1, 1)))
    assert np.abs(found.astype(int) - wanted).max() <= 1
    other = PREPARATION(Micrograph(fine[:40, :60].copy(), (0.4, 0.4)))  # no whole number of pixels
    assert other.mean() / 255 == pytest.approx(fine[:40, :60].mean(), abs=0.03)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (image(size=None), "the pixel size is not known; the estimator was trained at 1 nm"),
        (image(size=10), "the pixel size is 10 nm; .* accepts 0.25 to 4 nm"),
        (image((40, 24)), "40 x 24 pixels of 1 nm; the estimator accepts at most 16 x 24"),
        (image(grey=200), "grey values from 200 to 200; the estimator was trained on 0 to 1"),
        (image(grey=-50), "grey values from -50"),
        (image(grey=np.nan), "NaN"),
    ],
)
def test_what_does_not_fit_is_refused(given, says):
    with pytest.raises(UserError, match=says):
        PREPARATION(given)


def test_without_a_pixel_size_images_are_taken_as_they_are():
    preparation = PREPARATION.replace(pixel_size_nm=None)
    assert preparation(image(size=None)).shape == preparation(image(size=10)).shape == (8, 12)


def test_it_is_fitted_to_samples(make_disc):
    rng = np.random.default_rng(0)
    found = Preparation.fit([make_disc(radius, rng, pixel_size_nm=2.0) for radius in (3.0, 5.0)], PrepareParams(pool=4))
    assert (found.pool, found.shape, found.pixel_size_nm) == (4, (4, 4), 2.0)
    assert found.low == pytest.approx(0.2, abs=0.1)
    assert found.high == pytest.approx(0.8, abs=0.1)


def test_samples_must_have_one_pixel_size(make_disc):
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match="differ: 1 nm and 2 nm"):
        Preparation.fit([make_disc(3.0, rng, pixel_size_nm=size) for size in (1.0, 2.0)], PrepareParams())
    with pytest.raises(UserError, match="no sample"):
        Preparation.fit([], PrepareParams())
