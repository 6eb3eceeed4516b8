import numpy as np
import pytest
from scipy import ndimage
from scipy.interpolate import BSpline

from particleforge.recipes import kernels
from particleforge.recipes.noise import cloud, smooth_noise


def test_smooth_noise_is_a_b_spline():
    nodes = np.random.default_rng(0).standard_normal((8, 1)).astype(np.float32) * np.ones((1, 8), np.float32)
    out = np.zeros((20, 4), np.float32)
    kernels.spread(nodes, 4.0, (0.3, 0.6), out, 1.0)
    spline = BSpline(np.arange(-2, len(nodes) + 1), nodes[:, 0], 2)
    np.testing.assert_allclose(out[:, 0], spline(np.arange(20) / 4 + 0.3), atol=1e-5)


@pytest.mark.parametrize("scale", [2, 7, 30])
def test_smooth_noise_has_unit_strength_and_its_scale(scale):
    noise = smooth_noise((700, 700), scale, np.random.default_rng(1))
    assert noise.std() == pytest.approx(1, rel=0.15)
    flat = ndimage.uniform_filter(noise, 2 * scale)
    assert flat.std() < 0.7
    assert np.corrcoef(noise[:, : -max(1, scale // 4)].ravel(), noise[:, max(1, scale // 4) :].ravel())[0, 1] > 0.4


def test_clouds_have_unit_strength():
    assert cloud((600, 600), 40, 3, np.random.default_rng(2)).std() == pytest.approx(1, rel=0.15)
