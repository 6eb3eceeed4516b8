import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.models.normalize import rescale
from particleforge.models.resizing import ResizedAxis

IMAGE = np.random.default_rng(0).random((83, 401), np.float32)


@given(st.floats(0.05, 4), st.data())
def test_windows_are_equal_to_the_whole(factor, data):
    whole = rescale(IMAGE, factor)
    shown = IMAGE
    for axis in (0, 1):
        places = data.draw(st.lists(st.integers(0, whole.shape[axis] - 1), min_size=1, max_size=20))
        wanted = np.array(places)
        resized = ResizedAxis(IMAGE.shape[axis], whole.shape[axis])
        shown = resized.apply(np.ascontiguousarray(shown.T if axis else shown)[resized.source(wanted)], wanted)
        whole = np.moveaxis(np.moveaxis(whole, axis, 0)[wanted], 0, axis)
    assert shown.T == pytest.approx(whole, abs=1e-6)
