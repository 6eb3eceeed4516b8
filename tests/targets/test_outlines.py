import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import points_in_poly

from particleforge.outline import Outline, outline_of
from particleforge.targets.outlines import TOLERANCE_PX, Outlines

PACKING = Outlines()
POLYGONS = arrays(
    np.float64, st.tuples(st.integers(3, 90), st.just(2)), elements=st.floats(-3000, 20_000, allow_subnormal=False)
)


def circle(radius, corners=200):
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([30 + radius * np.sin(turns), 40 + radius * np.cos(turns)], 1)


def away(points, corners):
    """Largest distance of points from a closed polygon."""
    start, along = corners, np.roll(corners, -1, 0) - corners
    apart = points[:, None] - start
    share = np.clip((apart * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12), 0, 1)
    return np.hypot(*np.moveaxis(apart - share[..., None] * along, -1, 0)).min(1).max()


@given(st.integers(0, 2**32 - 1), POLYGONS, st.floats(0, 1))
def test_what_is_stored_lies_where_it_was(label, points, fraction):
    packed = PACKING.pack((Outline(label, points, fraction),))
    (back,) = PACKING.unpack(json.loads(json.dumps(packed)))
    assert back.label == label
    assert back.visible_fraction == pytest.approx(fraction, abs=1e-4)
    assert away(points, back.points_px) <= TOLERANCE_PX + 2**0.5 / 32 + 1e-9
    assert away(back.points_px, points) <= 2**0.5 / 32 + 1e-9
    assert PACKING.pack((back,)) == packed


@pytest.mark.parametrize("radius", [4, 12, 20])
def test_it_is_small(radius):
    packed = PACKING.pack((Outline(1234, circle(radius), 0.512345),))
    assert len(json.dumps(packed, separators=(",", ":"))) < 250


def test_datasets_of_earlier_versions_are_read():
    (one,) = PACKING.unpack([{"label": 3, "visible_fraction": 0.123456, "points_px": [[0, 0], [0, 2.51], [2, 0]]}])
    assert (one.label, one.visible_fraction) == (3, 0.123456)
    np.testing.assert_array_equal(one.points_px, [[0, 0], [0, 2.51], [2, 0]])


def test_no_outline_is_not_the_same_as_none_known():
    assert PACKING.unpack(PACKING.pack(())) == ()


def test_what_lies_far_away_is_refused():
    with pytest.raises(ValueError, match="up to 1e\\+07 px"):
        PACKING.pack((Outline(1, circle(1e8)),))


def test_the_outline_of_a_mask_is_that_of_its_largest_piece():
    mask = np.zeros((20, 30), bool)
    mask[2:12, 3:20] = True
    mask[5, 7] = False  # a hole
    mask[12, 20] = True  # joined by a corner
    mask[16:18, 25:27] = True  # another piece
    points = outline_of(mask, (100, 200)) - (100, 200)
    inside = points_in_poly(np.argwhere(np.ones_like(mask)), points).reshape(mask.shape)
    mask[16:18, 25:27] = False
    mask[5, 7] = True
    np.testing.assert_array_equal(inside, mask)
    with pytest.raises(ValueError, match="without pixels"):
        outline_of(np.zeros((3, 3), bool))
