import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.draw import polygon2mask

from particleforge.store.polygons import polygon_pixels

SQUARE = np.array([[2, 1], [6, 1], [6, 4], [2, 4]], float)
POINTS = arrays(np.float64, st.tuples(st.integers(3, 8), st.just(2)), elements=st.floats(-5, 25, width=16))


def mask_of(rings, shape):
    mask = np.zeros(shape, bool)
    rows, columns = polygon_pixels(rings, shape)
    mask[rows, columns] = True
    assert mask.sum() == len(rows)
    return mask


def inside(ring, x, y):
    """Number of edges to the left of a point, by the definition."""
    count = 0
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if (y0 <= y) != (y1 <= y):
            count += x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
    return count % 2


def test_whole_pixels():
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:6] = True
    for ring in (SQUARE, SQUARE[::-1], np.vstack([SQUARE, SQUARE[:1]])):
        np.testing.assert_array_equal(mask_of([ring], (6, 8)), expected)
    expected[2, 3:5] = False
    np.testing.assert_array_equal(mask_of([SQUARE, [[3, 2], [5, 2], [5, 3], [3, 3]]], (6, 8)), expected)


def test_what_lies_outside_is_cut_off():
    np.testing.assert_array_equal(
        mask_of([SQUARE * 10 - 30], (6, 8)), np.ones((6, 8), bool)[:, :8] & (np.arange(6) < 10)[:, None]
    )
    assert not mask_of([SQUARE + 20], (6, 8)).any()
    assert not mask_of([SQUARE - 20], (6, 8)).any()
    assert not mask_of([], (6, 8)).any()
    assert not mask_of([SQUARE], (0, 8)).any()


@given(POINTS)
def test_a_centre_is_inside_where_the_definition_says_so(ring):
    expected = [[inside(ring, x + 0.5, y + 0.5) for x in range(13)] for y in range(11)]
    np.testing.assert_array_equal(mask_of([ring], (11, 13)), np.array(expected, bool))


@given(st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_away_from_edges_it_is_the_mask_of_scikit_image(count, seed):
    ring = np.random.default_rng(seed).uniform(0, 20, (count, 2))
    expected = polygon2mask((20, 20), ring[:, ::-1] - 0.5)
    np.testing.assert_array_equal(mask_of([ring], (20, 20)), expected)


@given(st.integers(3, 9), st.integers(0, 2**32 - 1))
def test_neighbours_share_no_pixel_and_leave_no_gap(count, seed):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    rim = np.round(10 + 9 * np.stack([np.cos(angles), np.sin(angles)], 1) * 2) / 2
    middle = np.array([[10.5, 10.5]])
    wedges = [np.vstack([middle, rim[i], rim[(i + 1) % count]]) for i in range(count)]
    parity = sum(mask_of([wedge], (20, 20)).astype(int) for wedge in wedges) % 2
    np.testing.assert_array_equal(parity, mask_of([rim], (20, 20)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e9, -1e300])
def test_points_that_are_no_positions_are_refused(wrong):
    ring = SQUARE.copy()
    ring[1, 1] = wrong
    with pytest.raises(ValueError, match=r"point \(6, .*\) is not a position"):
        polygon_pixels([ring], (6, 8))


def test_outlines_of_many_points_take_little_time():
    angles = np.linspace(0, 2 * np.pi, 400_000, endpoint=False)
    began = time.process_time()
    area = mask_of([500 + 400 * np.stack([np.cos(angles), np.sin(angles)], 1)], (1000, 1000)).sum()
    assert area == pytest.approx(np.pi * 400**2, rel=1e-4)
    zigzag = np.stack([np.arange(100_000) % 900, np.arange(100_000) % 2 * 999], 1).astype(float)
    with pytest.raises(ValueError, match="too many"):
        polygon_pixels([zigzag], (1000, 1000))
    assert time.process_time() - began < 3
