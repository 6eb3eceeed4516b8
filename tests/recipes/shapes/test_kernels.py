import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from particleforge.recipes.shapes import kernels


@pytest.mark.slow
@given(st.integers(0, 2**32), st.integers(3, 12))
def test_distances_are_those_of_a_fine_outline(seed, count):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    corners = np.stack([np.sin(angles), np.cos(angles)], -1) * rng.uniform(4, 10, (count, 1)) + 12.3
    depth = np.empty((25, 25), np.float32)
    kernels.distances(corners, depth)
    pixels = np.stack(np.indices(depth.shape), -1).reshape(-1, 2).astype(float)
    share = np.linspace(0, 1, 400)[:, None]
    outline = np.concatenate([a + share * (b - a) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)])
    expected = np.sqrt(((pixels[:, None] - outline) ** 2).sum(-1).min(1)).reshape(depth.shape)
    np.testing.assert_allclose(np.abs(depth), expected, atol=0.03)
    sure = expected > 0.05
    inside = points_in_poly(pixels, corners).reshape(depth.shape)
    np.testing.assert_array_equal((depth > 0)[sure], inside[sure])


@given(st.integers(-6, 12), st.integers(-6, 12))
def test_a_halo_fades_outside_only(top, left):
    depth = np.full((5, 5), -2, np.float32)
    depth[2, 2] = 1
    image = np.zeros((10, 10), np.float32)
    kernels.glow(image, depth, (top, left), 0.5, 2.0)
    inside = [(top + i, left + j) for i in range(5) for j in range(5) if (i, j) != (2, 2)]
    shown = [p for p in inside if 0 <= p[0] < 10 and 0 <= p[1] < 10]
    assert np.count_nonzero(image) == len(shown)
    assert image.max(initial=0) == pytest.approx(0.5 * np.exp(-1) if shown else 0)
