"""Budgets: intervals against simulation, and that nothing known ever makes them narrower."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from particleforge.measurement.statistics.describe import Estimate
from particleforge.measurement.uncertainty.budget import Budget, widened
from particleforge.measurement.uncertainty.factor import coverage_factor

parts = st.floats(0, 0.5)


@given(st.floats(0.1, 1e4), parts, parts, parts, parts)
def test_a_further_component_never_narrows_either_side(value, down, up, one, other):
    sampled = Estimate(value, value * math.exp(-down), value * math.exp(up))
    before, after = widened(sampled, one), widened(sampled, math.hypot(one, other))
    assert after.low <= before.low * (1 + 1e-12)
    assert after.high >= before.high * (1 - 1e-12)
    assert math.log(after.high / value) == pytest.approx(math.sqrt(up**2 + one**2 + other**2))


def test_what_is_not_known_changes_nothing():
    sampled = Estimate(3.0, 2.1, 4.7, supported=False)
    assert widened(sampled, 0.0) is sampled
    assert widened(Estimate(3.0), 0.2) == Estimate(3.0)


def test_a_gsd_stays_above_one_and_a_biased_interval_is_widened_on_both_sides():
    assert widened(Estimate(1.05, 1.02, 1.09), 0.3, least=1.0).low == 1.0
    one = widened(Estimate(1.0, 1.1, 1.3), 0.1)  # the bootstrap of a skewed figure may leave it out
    assert one.low < 1.0 and one.high > 1.3


def test_shares_are_those_of_the_variance():
    budget = Budget(Estimate(50.0, 48.0, 52.0), {"sampling": 0.03, "detection": 0.04}, 2.0)
    plain = budget.plain("nm")
    assert plain["combined_percent"] == pytest.approx(5)
    assert plain["expanded_percent"] == pytest.approx(10)
    assert {name: one["share"] for name, one in plain["components"].items()} == pytest.approx(
        {"sampling": 0.36, "detection": 0.64}
    )
    assert plain["components"]["detection"]["standard"] == pytest.approx(2)
    assert plain["sampling_interval"] == [48.0, 52.0]


@pytest.mark.parametrize(("percent", "factor"), [(95, 2.0), (90, 1.6449), (99, 2.5758), (95.45, 2.0)])
def test_the_factor_is_two_where_it_is_usual_and_otherwise_normal(percent, factor):
    assert coverage_factor(percent) == pytest.approx(factor, abs=1e-3)


@pytest.mark.parametrize(("gsd", "detection", "pixel"), [(1.3, 0.05, 0.0), (1.5, 0.02, 0.01), (1.2, 0.0, 0.03)])
def test_intervals_hold_the_truth_as_often_as_stated(gsd, detection, pixel):
    """Samples of a log-normal, all sizes off by errors that are drawn anew each time."""
    rng, n, truth, repeats = np.random.default_rng(4), 40, 30.0, 4000
    logs = rng.normal(math.log(truth), math.log(gsd), (repeats, n))
    logs += rng.normal(0, detection, (repeats, 1)) + rng.normal(0, pixel, (repeats, 1))
    half = t.ppf(0.975, n - 1) * logs.std(axis=1, ddof=1) / math.sqrt(n)
    held = alone = 0
    for middle, reach in zip(logs.mean(axis=1), half, strict=True):
        sampled = Estimate(*(math.exp(middle + sign * reach) for sign in (0, -1, 1)))
        standards = {"sampling": reach / 2, "detection": detection, "pixel_size": pixel}
        one = Budget(sampled, standards, 2.0).estimate
        held += one.low <= truth <= one.high
        alone += sampled.low <= truth <= sampled.high
    assert 0.94 <= held / repeats <= 0.965
    assert alone < held
