"""Figures of size distributions against closed forms and computations by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gaussian_kde, lognorm

from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.density import Smoother, bins
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.figures import MOMENTS, NAMES, percentiles, size_figures
from particleforge.measurement.statistics.planning import more_needed, particles_needed
from particleforge.measurement.statistics.sizes import Sizes

diameters = st.lists(st.integers(10, 10**6).map(lambda number: number / 100), min_size=2, max_size=30)


def figures(values, weights=None):
    sizes = Sizes.equal(values)
    if weights is not None:
        order = np.argsort(values, kind="stable")
        sizes = Sizes(np.asarray(values, float)[order], np.asarray(weights, float)[order], sizes.images, "px")
    return dict(zip(NAMES, size_figures(sizes, Smoother.of(sizes)).tolist(), strict=True))


def test_a_lognormal_sample_follows_theory():
    median, gsd, n = 40.0, 1.4, 400_000
    s = math.log(gsd)
    found = figures(lognorm.ppf((np.arange(n) + 0.5) / n, s, scale=median))
    for power, weighting in enumerate(("number", "length", "area", "volume")):
        middle = median * math.exp(power * s**2)
        theory = {
            "d10": middle * math.exp(-1.2815516 * s),
            "d50": middle,
            "d90": middle * math.exp(1.2815516 * s),
            "geometric_mean": middle,
            "gsd": gsd,
            "mean": middle * math.exp(s**2 / 2),
            "skewness": (math.exp(s**2) + 2) * math.sqrt(math.expm1(s**2)),
            "span": 2 * math.sinh(1.2815516 * s),
        }
        for name, value in theory.items():
            near = 0.02 if name == "skewness" else 2e-3  # of a finite sample, its tail cut at 1 in 800 000
            assert found[weighting, name] == pytest.approx(value, rel=near), (weighting, name)
        assert found[weighting, "mode"] == pytest.approx(middle, rel=0.03)  # of the density of ln d
    for name, (p, q) in MOMENTS.items():
        assert found["moments", name] == pytest.approx(median * math.exp((p + q) * s**2 / 2), rel=1e-3), name


@given(diameters)
def test_unweighted_figures_agree_with_numpy_and_pandas(values):
    found, series = figures(values), pd.Series(values)
    for name, at in {"d10": 0.1, "d50": 0.5, "d90": 0.9}.items():
        assert found["number", name] == pytest.approx(np.quantile(values, at, method="hazen"))
    assert found["number", "mean"] == pytest.approx(series.mean())
    assert math.log(found["number", "gsd"]) == pytest.approx(np.log(series).std(), abs=1e-9)
    if series.nunique() > 1:
        assert found["number", "skewness"] == pytest.approx(
            ((series - series.mean()) ** 3).mean() / series.std(ddof=0) ** 3, abs=1e-6
        )
    assert found["moments", "D[3,2]"] == pytest.approx((series**3).sum() / (series**2).sum())
    assert found["moments", "D[3,2]"] == pytest.approx(found["area", "mean"])
    assert found["moments", "D[4,3]"] == pytest.approx(found["volume", "mean"])


@given(diameters, st.floats(0.01, 100), st.data())
def test_only_ratios_of_weights_count_and_lengths_scale(values, factor, data):
    weights = data.draw(st.lists(st.floats(0.5, 2), min_size=len(values), max_size=len(values)))
    one, other = figures(values, weights), figures(values, [factor * weight for weight in weights])
    larger = figures([factor * value for value in values], weights)
    for name, value in one.items():
        if name[1] != "mode":  # two peaks may be of the same height
            assert other[name] == pytest.approx(value, rel=1e-6, abs=1e-6, nan_ok=True)
            pure = name[1] in ("gsd", "span", "skewness")
            assert larger[name] == pytest.approx(value if pure else factor * value, rel=1e-6, abs=1e-6, nan_ok=True)


@given(diameters)
def test_percentiles_of_the_mirror_image_are_mirrored(values):
    values, at = np.sort(values), np.array([0.1, 0.5, 0.9])
    weights = np.random.default_rng(len(values)).uniform(0.5, 2, len(values))
    mirrored = -percentiles(-values[::-1], weights[::-1], at)[::-1]
    np.testing.assert_allclose(percentiles(values, weights, at), mirrored, rtol=1e-9)


def test_the_density_is_that_of_scipy_for_the_same_bandwidth():
    rng = np.random.default_rng(2)
    sizes = Sizes.equal(np.exp(rng.normal(3, 0.4, 300)))
    smoother, log = Smoother.of(sizes), np.log(sizes.values)
    spread = min(log.std(), (np.quantile(log, 0.75, method="hazen") - np.quantile(log, 0.25, method="hazen")) / 1.349)
    expected = gaussian_kde(log, 0.9 * spread * 300**-0.2 / log.std(ddof=1))(smoother.centres)
    found = smoother.density(sizes.values, np.ones((1, 300)))[:, 0]
    np.testing.assert_allclose(found, expected, atol=0.01 * expected.max())
    assert np.trapezoid(found, smoother.centres) == pytest.approx(1, abs=1e-4)


@given(diameters, st.booleans())
def test_bins_hold_all_sizes(values, logarithmic):
    edges = bins(np.array(values), logarithmic)
    assert np.histogram(values, edges)[0].sum() == len(values)
    assert (np.diff(edges) > 0).all() and len(edges) <= 41


@pytest.mark.parametrize(("gsd", "p", "q", "count"), [(1.6, 3, 0, 6092), (1.5, 1, 0, 274)])
def test_particles_needed(gsd, p, q, count):
    """Masuda and Iinoya: 6092 for a mean volume within 5 % at a GSD of 1.6."""
    assert particles_needed(gsd, 0.05, p, q) == count


def test_the_counts_needed_are_enough():
    gsd, wanted = 1.4, 0.05
    rng = np.random.default_rng(3)
    for p, q in ((1, 0), (1, 3)):
        n = particles_needed(gsd, wanted, p, q)
        log = math.log(gsd) * rng.standard_normal((4000, n))
        power = p**2 / 2 + p * q
        mean = np.exp(p * log.mean(axis=1) + power * log.var(axis=1, ddof=1))
        inside = np.abs(mean / np.exp(power * math.log(gsd) ** 2) - 1) <= wanted
        assert inside.mean() == pytest.approx(0.95, abs=0.015)
    assert more_needed(100, 0.1, 0.05) == 300 and more_needed(100, 0.04, 0.05) == 0


def test_what_the_count_cannot_support_is_flagged():
    rng = np.random.default_rng(4)
    few, middling, many = (
        describe(Sizes.equal(np.exp(0.4 * rng.standard_normal(n))), Precision(resamples=100)) for n in (20, 200, 4000)
    )
    assert not any(few.figures["number"][name].supported for name in ("d10", "d90", "gsd", "geometric_mean"))
    assert few.figures["number"]["d50"].supported
    assert all(one.supported for name in ("number", "length", "area") for one in many.figures[name].values())
    assert middling.figures["number"]["d90"].supported and not middling.figures["volume"]["d90"].supported
    assert not middling.figures["moments"]["D[4,3]"].supported


@pytest.mark.parametrize("values", [[], [7.0], [7.0] * 40, [5.0, 6.0]])
def test_any_sample_is_described(values):
    found = describe(Sizes.equal(values))
    number = found.figures["number"]
    assert found.count == len(values)
    assert number["d50"].value == (pytest.approx(np.median(values)) if values else None)
    assert (number["gsd"].value is None) == (len(values) < 2)
    assert (number["d50"].low is None) == (len(values) < 5)
    if len(values) == 40:
        assert number["gsd"].value == pytest.approx(1) and found.fits.best is None
