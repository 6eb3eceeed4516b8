import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter, minimum_filter
from skimage.draw import ellipse
from skimage.transform import PiecewiseAffineTransform

from particleforge.draws import Uniform
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.warp.deformations.deformation import Deformation
from particleforge.recipes.warp.deformations.grid import GridWarp, _keep_border, _weights
from particleforge.recipes.warp.deformations.piecewise_affine import PiecewiseAffine, _between
from particleforge.recipes.warp.deformations.scale import RandomScale
from particleforge.recipes.warp.nodes import displaced
from particleforge.sample import Sample

STRONGEST = [
    GridWarp(amplitude=0.48, spacing_diameters=1.0),
    PiecewiseAffine(amplitude=0.24, spacing_diameters=1.0),
    RandomScale(scale=Uniform(low=0.6, high=1.6), stretch=Uniform(low=0.7, high=1.4)),
]
IDENTITIES = [GridWarp(amplitude=0), PiecewiseAffine(amplitude=0), RandomScale(scale=1, stretch=1)]
each_deformation = pytest.mark.parametrize("deformation", STRONGEST, ids=lambda d: d.kind)


def grains(shape=(96, 120), ids=(1, 2, 3, 4, 5, 6), dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint32)
    for n, label in enumerate(ids):
        y, x = 16 + 32 * (n // 3), 20 + 40 * (n % 3)
        labels[ellipse(y, x, rng.uniform(6, 12), rng.uniform(6, 12), shape)] = label
    pixels = (60 + 90 * (labels > 0) + rng.normal(0, 8, shape)).clip(0, 255)
    return Sample(Micrograph(pixels.astype(dtype), (2.0, 2.0), name="grains"), labels)


def like(sample, pixels):
    return Sample(Micrograph(pixels, name=sample.name), sample.labels, sample.known)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("deformation", IDENTITIES, ids=lambda d: d.kind)
def test_no_deformation_returns_the_same_bytes(deformation, dtype):
    sample = grains(dtype=dtype)
    same = deformation.warp(sample, np.random.default_rng(0))
    assert same.micrograph.pixels.tobytes() == sample.micrograph.pixels.tobytes()
    assert same.micrograph.pixels.dtype == dtype
    assert same.labels.tobytes() == sample.labels.tobytes()
    assert same.micrograph.pixels is not sample.micrograph.pixels


@each_deformation
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_image_labels_and_known_move_together(deformation, seed):
    sample = grains()
    masked = Sample(Micrograph(sample.labels.astype(np.float32)), sample.labels, known=(sample.labels % 2 == 1))
    warped = deformation.replace(order=1).warp(masked, np.random.default_rng(seed))
    # The labels as an image, interpolated, equal the warped labels wherever no edge is near.
    flat = maximum_filter(warped.labels, 5) == minimum_filter(warped.labels, 5)
    flat[:3], flat[-3:], flat[:, :3], flat[:, -3:] = False, False, False, False  # an edge may lie just outside
    assert flat.mean() > 0.3
    np.testing.assert_allclose(warped.micrograph.pixels[flat], warped.labels[flat], atol=0.02)
    np.testing.assert_array_equal(warped.known, warped.labels % 2 == 1)


@each_deformation
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_new_ids_and_one_truth_row_each(deformation, seed):
    sample = grains(ids=(1, 2, 70_000, 5, 2**31 + 7, 2**32 - 1))
    warped = deformation.warp(sample, np.random.default_rng(seed))
    present = np.unique(warped.labels[warped.labels > 0])
    assert warped.labels.dtype == np.uint32
    assert set(present) <= set(np.unique(sample.labels))
    assert list(warped.truth["label"]) == list(present)


@each_deformation
def test_all_ids_stay_where_the_frame_is_kept(deformation):
    if isinstance(deformation, RandomScale):
        deformation = RandomScale(scale=0.5)
    sample = grains(ids=(1, 2, 70_000, 5, 2**31 + 7, 2**32 - 1))
    warped = deformation.warp(sample, np.random.default_rng(3))
    np.testing.assert_array_equal(np.unique(warped.labels), np.unique(sample.labels))
    np.testing.assert_array_equal(warped.truth["visible_fraction"], 1)


@each_deformation
def test_same_rng_same_bytes_other_rng_other_bytes(deformation):
    sample = grains()
    one, two, other = (deformation.warp(sample, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert one.micrograph.pixels.tobytes() == two.micrograph.pixels.tobytes()
    assert one.labels.tobytes() == two.labels.tobytes()
    assert one.recipe == two.recipe
    assert one.labels.tobytes() != other.labels.tobytes()


@each_deformation
@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize(
    ("dtype", "low", "high"), [(np.uint8, 0, 255), (np.uint16, 3, 65535), (np.int32, -7, 2**30), (np.float32, -2, 1e6)]
)
def test_grey_values_stay_in_their_range_and_dtype(deformation, order, dtype, low, high):
    sample = grains()
    noise = np.random.default_rng(0).random(sample.labels.shape) > 0.5
    sample = like(sample, np.where(noise, np.array(high, dtype), np.array(low, dtype)))
    warped = deformation.replace(order=order).warp(sample, np.random.default_rng(0)).micrograph.pixels
    assert warped.dtype == dtype
    assert low <= warped.min() < warped.max() <= high


@each_deformation
def test_colours_are_warped_as_each_channel_alone(deformation):
    sample = grains()
    red, green = sample.micrograph.pixels, sample.micrograph.pixels[::-1, ::-1]
    colour = Sample(Micrograph(np.stack([red, green], -1), axes="YXC"), sample.labels)
    warped = deformation.warp(colour, np.random.default_rng(1)).micrograph
    assert warped.axes == "YXC"
    for channel, plane in enumerate((red, green)):
        alone = deformation.warp(like(sample, plane), np.random.default_rng(1))
        np.testing.assert_array_equal(warped.pixels[..., channel], alone.micrograph.pixels)


@pytest.mark.parametrize(("kind", "limit"), [(GridWarp, "0.48"), (PiecewiseAffine, "0.24")])
def test_amplitudes_that_could_fold_are_refused_with_the_limit(kind, limit):
    with pytest.raises(UserError, match=rf"0\.6.*{limit}"):
        kind.parse({"amplitude": "uniform(0.1, 0.6)"})


def orientation(from_px):
    """Smallest Jacobian determinant on a pixel raster."""
    (dy_dy, dy_dx), (dx_dy, dx_dx) = (np.gradient(axis.astype(float)) for axis in from_px)
    return (dy_dy * dx_dx - dy_dx * dx_dy).min()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_strongest_grid_warp_does_not_fold(seed):
    counts = (5, 6)
    moves = 0.48 * np.random.default_rng(seed).choice([-1.0, 1.0], (2, counts[0] + 3, counts[1] + 3))
    _keep_border(moves[0])
    _keep_border(moves[1].T)
    by_row, by_column = _weights(201, counts[0]), _weights(241, counts[1])
    from_px = displaced([(by_row @ move @ by_column.T).astype(np.float32) for move in moves], counts)
    assert orientation(from_px) > 0
    keeps_the_frame(from_px)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_strongest_piecewise_affine_does_not_fold(seed):
    moves = 0.24 * np.random.default_rng(seed).choice([-1.0, 1.0], (2, 6, 7)).astype(np.float32)
    moves[0, [0, -1]] = 0
    moves[1][:, [0, -1]] = 0
    from_px = displaced([_between(move, (201, 241)) for move in moves], (5, 6))
    assert orientation(from_px) > 0
    keeps_the_frame(from_px)


def keeps_the_frame(from_px):
    y, x = from_px
    for edge, value in ((y[0], 0), (y[-1], y.shape[0] - 1), (x[:, 0], 0), (x[:, -1], x.shape[1] - 1)):
        np.testing.assert_allclose(edge, value, atol=1e-4)


def test_piecewise_affine_equals_scikit_image():
    shape, counts = (61, 81), (3, 4)
    rng = np.random.default_rng(0)
    moves = rng.uniform(-0.24, 0.24, (2, counts[0] + 1, counts[1] + 1)).astype(np.float32)
    moves[0, [0, -1]] = 0
    moves[1][:, [0, -1]] = 0
    ours = displaced([_between(move, shape) for move in moves], counts)
    nodes = np.stack(np.meshgrid(np.linspace(0, 80, 5), np.linspace(0, 60, 4)), -1).reshape(-1, 2)
    jittered = nodes + np.stack([moves[1].ravel() * 20, moves[0].ravel() * 20], -1)
    # Cells are squares, whose diagonal Delaunay chooses freely; a tiny shear makes it the one along y = x.
    nodes[:, 0] -= 1e-6 * nodes[:, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = PiecewiseAffineTransform()
        assert theirs.estimate(nodes, jittered)
    y, x = np.mgrid[1:60, 1:80]
    expected = theirs(np.stack([x.ravel(), y.ravel()], -1)).reshape(59, 79, 2)
    np.testing.assert_allclose(ours[1, 1:60, 1:80], expected[..., 0], atol=1e-3)
    np.testing.assert_allclose(ours[0, 1:60, 1:80], expected[..., 1], atol=1e-3)


def one_disc(radius=60, size=440):
    labels = np.zeros((size, size), np.uint32)
    labels[ellipse(size / 2 - 0.5, size / 2 - 0.5, radius, radius, labels.shape)] = 9
    return Sample(Micrograph(labels.astype(np.float32)), labels)


@settings(max_examples=20)
@given(scale=st.floats(0.5, 2), stretch=st.floats(0.7, 1.4))
def test_areas_change_by_the_square_of_the_scale(scale, stretch):
    sample = one_disc()
    warped = RandomScale(scale=scale, stretch=stretch).warp(sample, np.random.default_rng(0))
    expected = (sample.labels > 0).sum() * scale**2
    assert (warped.labels > 0).sum() == pytest.approx(expected, rel=0.02)
    row = warped.truth.iloc[0]
    assert row["visible_fraction"] == 1
    assert row["feret_max_px"] == pytest.approx(120 * scale * np.sqrt(max(stretch, 1 / stretch)), rel=0.025)
    assert row["feret_min_px"] == pytest.approx(120 * scale / np.sqrt(max(stretch, 1 / stretch)), rel=0.025)


def test_shrinking_shrinks_the_frame_and_growing_crops_it():
    sample = grains()
    small = RandomScale(scale=0.5).warp(sample, np.random.default_rng(0))
    assert small.labels.shape == (48, 60)
    large = RandomScale(scale=2).warp(sample, np.random.default_rng(0))
    assert large.labels.shape == (96, 120)
    np.testing.assert_array_equal(large.labels[1::2, 1::2], sample.labels[24:72, 30:90])


def test_visible_fraction_is_the_share_left_by_the_crop():
    labels = np.zeros((100, 100), np.uint32)
    labels[40:60, 10:40] = 1
    labels[40:60, 50:60] = 2
    labels[0:5, 0:5] = 3
    truth = pd.DataFrame({"label": [1, 2, 3], "visible_fraction": [0.5, 1.0, 1.0], "class": ["rod", "cube", "cube"]})
    sample = Sample(Micrograph(labels.astype(np.uint8), name="bars"), labels, truth=truth)
    result = RandomScale(scale=2).warp(sample, np.random.default_rng(0)).truth.set_index("label")
    assert list(result.index) == [1, 2]
    assert result.loc[1, "visible_fraction"] == pytest.approx(0.25)
    assert result.loc[2, "visible_fraction"] == 1
    assert list(result["class"]) == ["rod", "cube"]
    assert list(result["source"]) == ["bars#1", "bars#2"]


def test_noise_is_smoothed_where_it_is_sampled_more_coarsely():
    noise = np.random.default_rng(0).normal(0, 1, (400, 400))
    sample = Sample(Micrograph(noise), np.zeros((400, 400), np.uint32))
    small = RandomScale(scale=0.25).warp(sample, np.random.default_rng(0)).micrograph.pixels
    assert small.std() < 0.35  # plain subsampling would keep 1; the mean of 4 x 4 pixels has 0.25


def test_sizes_in_nm_follow_the_pixel_size():
    truth = GridWarp().warp(grains(), np.random.default_rng(0)).truth
    for name in ("x", "y", "diameter", "feret_max", "feret_min"):
        np.testing.assert_allclose(truth[f"{name}_nm"], 2 * truth[f"{name}_px"])


@each_deformation
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 5)])
def test_tiny_images_without_particles(deformation: Deformation, shape):
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    warped = deformation.warp(Sample(Micrograph(pixels), np.zeros(shape, np.uint32)), np.random.default_rng(0))
    assert len(warped.truth) == 0
    assert not warped.labels.any()


def test_stacks_and_nan_are_refused():
    labels = np.zeros((4, 4), np.uint32)
    with pytest.raises(UserError, match="only 2D"):
        GridWarp().warp(Sample(Micrograph(np.zeros((2, 4, 4)), axes="ZYX"), labels), np.random.default_rng(0))
    with pytest.raises(UserError, match="1 pixels are NaN"):
        pixels = np.zeros((4, 4))
        pixels[1, 1] = np.nan
        GridWarp().warp(Sample(Micrograph(pixels), labels), np.random.default_rng(0))
