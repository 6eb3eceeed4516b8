import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.outline import outline_of
from particleforge.recipes.cutpaste import kernels
from particleforge.recipes.cutpaste.cutouts import Cutout, soft_edge
from particleforge.recipes.cutpaste.turned import turn

RNG = np.random.default_rng(0)
PATCH = RNG.random((17, 23), np.float32)
ALPHA = RNG.random((17, 23), np.float32)


def turned(matrix, shape):
    pixels, alpha = np.empty(shape, np.float32), np.empty(shape, np.float32)
    kernels.turn(PATCH, ALPHA, np.array(matrix, float), pixels, alpha)
    return pixels, alpha


def cutout_of(mask, feather_px=0.7):
    alpha = soft_edge(np.pad(mask, 3), feather_px)
    return Cutout(alpha * 100, alpha, outline_of(alpha >= 0.5), "one", "one#1", 0.0, 1.0, 1.0, 1.0, None)


def disc(radius, squash=1.0):
    rows, columns = np.indices((2 * radius + 3,) * 2) - radius - 1
    return np.hypot(rows, columns / squash) <= radius


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[1, 0], [0, 1]], lambda image: image),
        ([[0, 1], [-1, 0]], np.rot90),
        ([[0, -1], [1, 0]], lambda image: np.rot90(image, -1)),
        ([[-1, 0], [0, -1]], lambda image: np.rot90(image, 2)),
        ([[1, 0], [0, -1]], np.fliplr),
    ],
)
def test_quarter_turns_and_flips_are_exact(matrix, expected):
    for have, source in zip(turned(matrix, expected(PATCH).shape), (PATCH, ALPHA), strict=True):
        np.testing.assert_allclose(have, expected(source), atol=1e-6)


@pytest.mark.parametrize("angle_deg", [0, 90, 180, 270, 360, -90])
@pytest.mark.parametrize("flip", [False, True])
def test_a_quarter_turn_keeps_every_pixel(angle_deg, flip):
    mask = RNG.random((14, 19)) > 0.4
    mask[6:9, 6:9] = True
    result = turn(cutout_of(mask, 0), 1.0, angle_deg, flip)
    source = np.pad(mask, 3)
    found = [np.rot90(source[:, ::-1] if flip else source, k) for k in range(4)]
    assert any(f.shape == result.alpha.shape and ((result.alpha >= 0.5) == f).all() for f in found)
    assert result.area_px == mask.sum()


@given(st.floats(0, 360), st.floats(-1, 1))
def test_turning_follows_scipy(angle_deg, shear):
    angle = np.deg2rad(angle_deg)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle) + shear]])
    offset = (np.array(PATCH.shape) - 1) / 2 - matrix @ np.full(2, 14.5)
    expected = ndimage.affine_transform(PATCH, matrix, offset, (30, 30), order=1, mode="constant")
    np.testing.assert_allclose(turned(matrix, (30, 30))[0], expected, atol=1e-4)


@given(st.floats(0.8, 4), st.floats(0, 360), st.booleans(), st.sampled_from([1.0, 0.6]))
def test_scaling_scales_the_area_and_turning_keeps_it(scale, angle_deg, flip, squash):
    mask = disc(22, squash)
    area = turn(cutout_of(mask), scale, angle_deg, flip).area_px
    assert area == pytest.approx(scale**2 * mask.sum(), rel=0.03)


def test_sizes_have_no_bias():
    mask, rng = disc(12, 0.7), np.random.default_rng(0)
    cutout = cutout_of(mask)
    drawn = [(scale, turn(cutout, scale, rng.uniform(0, 360), True).area_px) for scale in rng.uniform(0.8, 1.3, 300)]
    assert np.mean([area / scale**2 for scale, area in drawn]) == pytest.approx(mask.sum(), rel=0.01)


@given(st.floats(0.05, 1), st.floats(0, 360), st.integers(1, 5))
def test_a_particle_never_vanishes(scale, angle_deg, length):
    assert turn(cutout_of(np.ones((1, length), bool)), scale, angle_deg, False).area_px >= 1
