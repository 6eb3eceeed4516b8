"""Correlations compared with those of scipy and with printed tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.quality.metric import HasBest, metrics
from particleforge.quality.ranking import correlate, critical, spearman


@given(st.integers(0, 1000), st.integers(3, 9))
def test_rho_is_that_of_scipy_also_with_equal_values(seed, count):
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 5, (2, count)).astype(float)
    found = spearman(one[None], other[None])[0]
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(one, other).statistic)


@pytest.mark.parametrize(("count", "least"), [(5, 1.0), (6, 0.886), (7, 0.786), (8, 0.738)])
def test_the_least_rho_is_that_of_printed_tables(count, least):
    assert critical(count) == pytest.approx(least, abs=1e-3)


def test_too_few_sets_have_no_least_rho_and_many_nearly_that_of_the_tables():
    assert critical(3) is None and critical(4) is None
    assert critical(10) == pytest.approx(0.648, abs=0.02)
    assert critical(30) == pytest.approx(0.362, abs=0.005)


def test_rho_is_positive_if_farther_sets_give_worse_detectors():
    sets = [f"set {place}" for place in range(8)]
    far = {"kernel": {name: float(place) for place, name in enumerate(sets)}}
    figures = {
        "f1": {name: 0.9 - 0.05 * place for place, name in enumerate(sets)},
        "count_error_percent": {name: (-1) ** place * place for place, name in enumerate(sets)},
        "unknown": dict.fromkeys(sets, 1.0),
    }
    found = correlate(far, figures, Precision(resamples=200))["kernel"]
    assert set(found) == {"f1", "count_error_percent"}
    for one in found.values():
        assert one.value == pytest.approx(1) and one.low == pytest.approx(1)


def test_a_metric_that_is_equal_for_all_sets_has_no_rho():
    far = {"kernel": {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}}
    found = correlate(far, {"f1": dict.fromkeys("abcd", 0.0)}, Precision(resamples=100))
    assert found["kernel"]["f1"].value is None


def test_intervals_hold_the_value_and_are_wide_for_few_sets():
    rng = np.random.default_rng(0)
    sets = [f"set {place}" for place in range(8)]
    far = {"kernel": {name: float(value) for name, value in zip(sets, rng.normal(size=8), strict=True)}}
    figures = {"f1": {name: 0.5 + value / 10 for name, value in zip(sets, rng.normal(size=8), strict=True)}}
    one = correlate(far, figures, Precision())["kernel"]["f1"]
    assert one.low <= one.value <= one.high and one.high - one.low > 0.8


def test_every_metric_of_the_package_states_its_best_value():
    assert all(isinstance(metric, HasBest) for metric in metrics().values())
