import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from particleforge.percentiles import ExactPercentiles, added, counted

PERCENTS = (0.0, 0.05, 1, 37.2, 50, 99.8, 99.95, 100)
WHOLE_NUMBERS = st.integers(-40_000, 40_000)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**99), max_value=2.0**99)


@given(arrays(np.float32, array_shapes(max_dims=2, max_side=30), elements=WHOLE_NUMBERS | NUMBERS), st.integers(1, 5))
def test_percentiles_of_parts_are_those_of_the_whole(values, parts):
    def count(halves):
        return added(counted(part, halves) for part in np.array_split(values.ravel(), parts))

    expected = np.percentile(values.astype(np.float64), PERCENTS)
    assert ExactPercentiles(count)(PERCENTS) == pytest.approx(expected, rel=1e-12, abs=1e-30)


def test_more_percentiles_are_counted_only_where_they_lie_elsewhere():
    values, asked = np.repeat(np.arange(4, dtype=np.float32), 100), []

    def count(halves):
        asked.append(tuple(halves))
        return counted(values, halves)

    percentiles = ExactPercentiles(count)
    assert percentiles((10, 90)).tolist() == [0, 3]
    before = len(asked)
    assert percentiles((5, 95)).tolist() == [0, 3]
    assert len(asked) == before
