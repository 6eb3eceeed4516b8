"""Figures of many resamples at once against a plain loop over the particles drawn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.measurement.statistics import bootstrap
from particleforge.measurement.statistics.bootstrap import Bootstrap, Precision
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.drawn import Drawn
from particleforge.measurement.statistics.figures import MOMENTS, NAMES, PERCENTILES, WEIGHTINGS, drawn_figures
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.seeds import stream


def one_by_one(values, weights, times, smoother):
    """Figures of a resample, computed from its particles by the textbook."""
    d, w = np.repeat(values, times), np.repeat(weights, times)
    found = []
    for power in range(4):
        q = w * d**power
        total, log = q.sum(), np.log(d)
        share = np.cumsum(q) - q / 2
        tens = np.interp(np.fromiter(PERCENTILES.values(), float) * total, share, d)
        mean, middle = q @ d / total, q @ log / total
        spread = math.sqrt(q @ (log - middle) ** 2 / (total - q @ q / total))
        sd = math.sqrt(q @ (d - mean) ** 2 / total)
        skewness = q @ (d - mean) ** 3 / total / sd**3 if sd > 1e-9 * mean else 0.0
        density = one_density(smoother, log, q)
        mode = math.exp(smoother.centres[density.argmax()])
        span = (tens[2] - tens[0]) / tens[1]
        found += [*tens, span, mean, math.exp(middle), math.exp(spread), skewness, mode]
    moment = [(w * d**power).sum() for power in range(5)]
    return found + [(moment[p] / moment[q]) ** (1 / (p - q)) for p, q in MOMENTS.values()]


def one_density(smoother, log, q):
    """Density of ln d on the grid."""
    cells = np.abs(smoother.centres[:, None] - log).argmin(axis=0)
    return smoother.kernel @ np.bincount(cells, q, len(smoother.centres)) / q.sum()


@given(st.integers(2, 40), st.integers(0, 2**32), st.sampled_from([0.001, 0.3, 0.8]), st.booleans())
def test_figures_are_those_of_a_loop(count, seed, spread, weighted):
    rng = np.random.default_rng(seed)
    values = np.sort(np.exp(spread * rng.standard_normal(count)))
    weights = rng.uniform(0.5, 4, count) if weighted else np.ones(count)
    smoother = Smoother.of(Sizes(values, weights, np.zeros(count, int), "px"))
    times = np.stack([np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(20)])
    found = drawn_figures(Drawn(values, times.astype(float)), weights, smoother)
    expected = [one_by_one(values, weights, row, smoother) for row in times]
    others = [name != "mode" for _, name in NAMES]
    np.testing.assert_allclose(found[:, others], np.array(expected)[:, others], rtol=1e-7, atol=1e-6)
    for power in range(4):  # two peaks may be of the same height
        mode = found[:, NAMES.index((WEIGHTINGS[power], "mode"))]
        for size, row in zip(mode, times, strict=True):
            d, w = np.repeat(values, row), np.repeat(weights, row)
            density = one_density(smoother, np.log(d), w * d**power)
            at = np.abs(smoother.centres - math.log(size)).argmin()
            assert density[at] >= (1 - 1e-9) * density.max()


def test_a_resample_of_equal_sizes_has_no_spread():
    times = np.array([[0, 5.0, 0, 0, 0], [0, 2, 3, 0, 0], [5, 0, 0, 0, 0]])
    drawn = Drawn(np.array([1.0, 7.0, 7.0, 8.0, 9.0]), times)
    shares = np.ones((1, 5))
    np.testing.assert_allclose(drawn.geometric(shares)[1], 1)
    np.testing.assert_allclose(drawn.moments(drawn.values, shares)[1], 0, atol=1e-15)
    weights = np.array([0.3, 0.7, 1.1, 1.3, 0.9])
    skewness = drawn_figures(drawn, weights, None)[:, NAMES.index(("number", "skewness"))]
    assert skewness.tolist() == [0, 0, 0]
    assert drawn.percentiles(shares, np.array([0.1, 0.9])).reshape(3, 2).tolist() == [[7, 7], [7, 7], [1, 1]]


@pytest.mark.parametrize("images", [1, 8])
def test_intervals_are_those_of_a_loop_over_the_same_draws(images):
    rng = np.random.default_rng(6)
    values, weights = np.sort(np.exp(rng.normal(3, 0.4, 60))), rng.uniform(0.5, 2, 60)
    which = rng.permutation(60) % images
    sizes, smoother = Sizes(values, weights, which, "nm"), Smoother.of(Sizes.equal(values))
    precision = Precision(resamples=300)
    found = Bootstrap(sizes, precision).intervals(lambda drawn, own: drawn_figures(drawn, own, smoother))
    units = which if images > 1 else np.arange(60)
    draws, count = stream(0, "bootstrap"), len(np.unique(units))
    rows = [np.bincount(draws.integers(count, size=count), minlength=count)[units] for _ in range(300)]
    figures = np.array([one_by_one(values, weights, times, smoother) for times in rows])
    np.testing.assert_allclose(found, Bootstrap(sizes, precision).limits_of(figures), rtol=1e-9)


def test_intervals_do_not_depend_on_how_many_resamples_are_computed_at_once(monkeypatch):
    sizes = Sizes.equal(np.exp(np.random.default_rng(7).normal(3, 0.4, 700)))
    whole = describe(sizes, Precision(resamples=400))
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 50_000)
    parts = describe(sizes, Precision(resamples=400))
    for group, figures in whole.figures.items():
        for name, one in figures.items():
            other = parts.figures[group][name]
            assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-9)
    first, second = (found.fit_intervals.values() for found in (whole, parts))
    assert [one.high for one in first] == pytest.approx([one.high for one in second], rel=1e-9)
