"""Distances between samples against scipy and theory."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp, wasserstein_distance

from particleforge.errors import UserError
from particleforge.measurement.statistics.compare import CELLS_PER_DECADE, compare, quantile_pairs
from particleforge.measurement.statistics.sizes import Sizes


def lognormal(seed, n, median=20.0, gsd=1.4):
    return median * np.exp(math.log(gsd) * np.random.default_rng(seed).standard_normal(n))


def test_distances_are_those_of_scipy():
    a, b = lognormal(0, 200), np.round(lognormal(1, 150, 24), 1)
    found = compare(Sizes.equal(a), Sizes.equal(b), 100)
    assert found.wasserstein == pytest.approx(wasserstein_distance(np.log(a), np.log(b)))
    assert found.kolmogorov_smirnov == pytest.approx(ks_2samp(a, b).statistic)
    edges = np.arange(-80, 120) * math.log(10) / CELLS_PER_DECADE
    p, q = (np.histogram(np.log(values), edges)[0] for values in (a, b))
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    assert found.geometric_mean_percent == pytest.approx(100 * (np.exp(np.log(a).mean() - np.log(b).mean()) - 1))
    assert found.count_percent == pytest.approx(100 * (200 / 150 - 1))


def test_weighted_distances_are_those_of_scipy():
    rng = np.random.default_rng(2)
    samples = []
    for seed, n in ((0, 60), (1, 80)):
        values = np.sort(lognormal(seed, n))
        samples.append(Sizes(values, rng.uniform(1, 3, n), np.zeros(n, int), "nm"))
    one, other = samples
    expected = wasserstein_distance(np.log(one.values), np.log(other.values), one.weights, other.weights)
    assert compare(one, other, 100).wasserstein == pytest.approx(expected)


def test_a_sample_compared_with_itself_and_with_a_larger_one():
    sizes = Sizes.equal(lognormal(3, 300))
    same = compare(sizes, sizes, 200)
    assert same.wasserstein == 0 and same.p_value == 1 and same.geometric_mean_percent == 0
    larger = compare(Sizes.equal(1.1 * sizes.values), sizes, 200)
    assert larger.wasserstein == pytest.approx(math.log(1.1))
    assert larger.p_value < 0.01
    assert larger.geometric_mean_percent == pytest.approx(10) and larger.gsd_percent == pytest.approx(0, abs=1e-9)


def test_p_values_of_equal_distributions_are_even_and_the_null_band_holds():
    found = [compare(Sizes.equal(lognormal(2 * i, 60)), Sizes.equal(lognormal(2 * i + 1, 60)), 200) for i in range(150)]
    p = np.array([one.p_value for one in found])
    assert p.mean() == pytest.approx(0.5, abs=0.08)
    assert (p < 0.1).mean() == pytest.approx(0.1, abs=0.07)
    inside = [one.jensen_shannon <= one.jensen_shannon_null[1] for one in found]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.05)


def test_images_that_differ_are_regrouped_as_a_whole():
    rng = np.random.default_rng(4)

    def clustered(seed):
        medians = 20 * np.exp(0.3 * np.random.default_rng(seed).standard_normal(8))
        values = np.concatenate([median * np.exp(0.1 * rng.standard_normal(40)) for median in medians])
        order = np.argsort(values)
        return Sizes(values[order], np.ones(320), np.repeat(np.arange(8), 40)[order], "px")

    pairs = [(clustered(2 * seed), clustered(2 * seed + 1)) for seed in range(30)]
    by_image = np.array([compare(*pair, 100).p_value for pair in pairs])
    flat = [[Sizes.equal(sizes.values) for sizes in pair] for pair in pairs]
    by_particle = np.array([compare(*pair, 100).p_value for pair in flat])
    assert (by_image < 0.05).mean() < 0.2 < 0.5 < (by_particle < 0.05).mean()
    assert compare(*pairs[0], 100).regrouped == "images"


def test_what_cannot_be_compared_is_refused():
    some = Sizes.equal([1.0, 2.0])
    with pytest.raises(UserError, match="without particles"):
        compare(some, Sizes.equal([]))
    with pytest.raises(UserError, match="pixel size"):
        compare(some, Sizes.equal([1.0], "nm"))


def test_quantile_pairs_of_a_scaled_sample_lie_on_a_line():
    sizes = Sizes.equal(lognormal(5, 99))
    x, y = quantile_pairs(Sizes.equal(2 * sizes.values), sizes)
    np.testing.assert_allclose(y, 2 * x)
