"""The score interval of a share, and confusion matrices."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.measurement.statistics.wilson import wilson
from particleforge.quality.confusion import Confusion


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bounds_solve_the_score_equation(case):
    right, count = case
    share, z = right / count, 1.959963984540054
    for bound in wilson(share, count):
        assert (share - bound) ** 2 == pytest.approx(z**2 * bound * (1 - bound) / count, abs=1e-9)


def test_confusion_counts_and_balances():
    rng = np.random.default_rng(0)
    true, found = rng.integers(3, size=200), rng.integers(3, size=200)
    confusion = Confusion.of(("a", "b", "c"), true, found)
    assert confusion.accuracy == pytest.approx(np.mean(true == found))
    assert confusion.balanced == pytest.approx(np.mean([np.mean(found[true == one] == one) for one in range(3)]))
    assert math.isnan(Confusion.of(("a", "b"), [], []).accuracy)
