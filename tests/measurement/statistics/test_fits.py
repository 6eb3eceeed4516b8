"""Fits against scipy and against what samples were drawn from."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import lognorm, norm, weibull_min

from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.fits.bimodal import BimodalFit
from particleforge.measurement.statistics.fits.log_normal import LogNormalFit
from particleforge.measurement.statistics.fits.normal import NormalFit
from particleforge.measurement.statistics.fits.ranking import ONE_MODE, fits
from particleforge.measurement.statistics.fits.rosin_rammler import RosinRammlerFit
from particleforge.measurement.statistics.fits.weibull import WeibullFit
from particleforge.measurement.statistics.sizes import Sizes

RNG = np.random.default_rng(5)
KINDS = (*ONE_MODE, BimodalFit)
SAMPLE = np.sort(RNG.gamma(6, 3, 300))


@pytest.mark.parametrize(
    ("kind", "theirs", "names"),
    [(LogNormalFit, lognorm, ("gsd", "median")), (WeibullFit, weibull_min, ("shape", "scale"))],
)
def test_fits_are_those_of_scipy(kind, theirs, names):
    fit = kind.of(SAMPLE, np.ones(300))
    shape, _, scale = theirs.fit(SAMPLE, floc=0)
    found = fit.parameters()
    assert found[names[0]] == pytest.approx(math.exp(shape) if kind is LogNormalFit else shape, rel=1e-3)
    assert found[names[1]] == pytest.approx(scale, rel=1e-3)
    np.testing.assert_allclose(fit.density(SAMPLE), theirs.pdf(SAMPLE, shape, 0, scale), rtol=5e-3)


def test_the_normal_fit_and_its_aic():
    fit = NormalFit.of(SAMPLE, np.ones(300))
    assert (fit.mean, fit.sd) == pytest.approx(norm.fit(SAMPLE))
    expected = 4 - 2 * norm.logpdf(SAMPLE, *norm.fit(SAMPLE)).sum()
    found = {one.fit.name: one.aic for one in fits(Sizes.equal(SAMPLE)).ranked}
    assert found["normal"] == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_densities_integrate_to_their_cumulative_curve(kind):
    fit = kind.of(SAMPLE, np.ones(300))
    low, high = 0.5, float(SAMPLE[250])
    area = quad(lambda d: fit.density(np.array([d]))[0], low, high, points=[5.0, 15.0])[0]
    below = fit.cumulative(np.array([low, high]))
    assert area == pytest.approx(below[1] - below[0], abs=1e-6)


def test_rosin_rammler_is_a_weibull_distribution_of_the_volume():
    fit = RosinRammlerFit(scale=10, shape=5)
    d = np.linspace(1, 20, 40)
    volume = fit.density(d) * d**3
    expected = weibull_min.pdf(d, 5, scale=10)
    np.testing.assert_allclose(volume / volume.sum(), expected / expected.sum(), rtol=1e-6)
    drawn = weibull_min.rvs(6, scale=10, size=200_000, random_state=6)
    by_number = np.sort(RNG.choice(drawn, 20_000, p=drawn**-3.0 / (drawn**-3.0).sum()))
    found = RosinRammlerFit.of(by_number, np.ones(len(by_number)))
    assert (found.scale, found.shape) == pytest.approx((10, 6), rel=0.03)


def test_two_modes_are_found_and_preferred():
    sample = np.r_[np.exp(RNG.normal(2, 0.2, 600)), np.exp(RNG.normal(3, 0.15, 400))]
    best = fits(Sizes.equal(sample)).best
    assert isinstance(best, BimodalFit)
    assert (best.median_1, best.median_2) == pytest.approx((math.exp(2), math.exp(3)), rel=0.05)
    assert best.share == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize(
    ("drawn", "name"),
    [
        (lognorm.rvs(0.5, scale=9, size=2000, random_state=1), "log-normal"),
        (norm.rvs(20, 3, size=2000, random_state=2), "normal"),
        (weibull_min.rvs(2, scale=9, size=2000, random_state=3), "Weibull"),
    ],
)
def test_the_distribution_drawn_from_is_chosen(drawn, name):
    ranked = [one.fit.name for one in fits(Sizes.equal(drawn)).ranked if one.fit.kind != "bimodal"]
    assert ranked[0] == name


def test_weights_are_counts():
    for seed in range(5):
        weights = np.random.default_rng(seed).integers(1, 4, 300)
        for kind in KINDS:
            one = kind.of(SAMPLE, weights.astype(float)).parameters()
            repeated = kind.of(np.repeat(SAMPLE, weights), np.ones(weights.sum())).parameters()
            assert one == pytest.approx(repeated, rel=1e-4)


def test_the_chosen_fit_has_intervals_around_it():
    sizes = Sizes.equal(np.exp(RNG.normal(3, 0.3, 100)))
    found = describe(sizes)
    for one in found.fit_intervals.values():
        assert one.low < one.value < one.high
    best = found.fits.best
    assert set(found.fit_intervals) == set(best.parameters())
