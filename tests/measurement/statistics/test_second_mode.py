"""Mixtures against an independent maximisation, and the decision between one mode and two."""

import json
import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from particleforge.measurement.figures import draw_sizes
from particleforge.measurement.measured import Measured
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report.content import content
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.fits.bimodal import BimodalFit
from particleforge.measurement.statistics.fits.mixture import LEAST_RATIO, fit_mixtures
from particleforge.measurement.statistics.fits.ranking import ONE_MODE, fits
from particleforge.measurement.statistics.sizes import Sizes


def one_size(rng, count):
    return 26 * np.exp(math.log(1.25) * rng.standard_normal(count))


def two_sizes(rng, count, medians, gsd, share=0.5):
    middle = np.where(rng.random(count) < share, *medians)
    return middle * np.exp(math.log(gsd) * rng.standard_normal(count))


def supported(draw, repeats):
    """Share of samples in which a second mode is supported."""
    samples = (Sizes.equal(draw(np.random.default_rng(seed))) for seed in range(repeats))
    return np.mean([fits(sizes).second_mode.supported for sizes in samples])


def loss(parameters, x, weights):
    share, first, second = expit(parameters[0]), parameters[1:3], parameters[3:5]
    one, other = (norm.pdf(x, mean, math.exp(spread)) for mean, spread in (first, second))
    return -weights @ np.log(share * one + (1 - share) * other) / weights.sum()


def test_mixtures_have_the_largest_likelihood_of_all_samples_at_once():
    rng = np.random.default_rng(2)
    x = np.log(np.stack([two_sizes(rng, 150, (20, 36), 1.2, share) for share in (0.3, 0.5, 0.7)]) / 27)
    weights = rng.uniform(0.5, 2, x.shape)
    found = fit_mixtures(x, weights)
    for number in range(len(x)):
        own = x[number], weights[number]
        start = [0.0, -0.3, math.log(0.2), 0.3, math.log(0.2)]
        best = minimize(loss, start, own, "Nelder-Mead", options={"maxiter": 9000, "xatol": 1e-8, "fatol": 1e-12}).fun
        ours = [math.log(found.share[number] / (1 - found.share[number]))]
        for mean, sd in zip(found.mean[:, number], found.sd[:, number], strict=True):
            ours += [mean, math.log(sd)]
        assert loss(ours, *own) == pytest.approx(best, abs=1e-4)
        assert math.log(2 * math.pi) / 2 - found.likelihood[number] == pytest.approx(loss(ours, *own), abs=1e-6)


def test_samples_that_share_their_values_are_fitted_like_single_ones():
    rng = np.random.default_rng(4)
    values = np.sort(two_sizes(rng, 120, (20, 40), 1.15))
    weights = rng.integers(0, 4, (5, 120)).astype(float)
    together = BimodalFit.solve(values[None], weights)
    for row, own in zip(together, weights, strict=True):
        np.testing.assert_allclose(row, BimodalFit.of(values, own).row, rtol=2e-3)
        repeated = np.repeat(values, own.astype(int))
        np.testing.assert_allclose(row, BimodalFit.of(repeated, np.ones(len(repeated))).row, rtol=2e-3)


def test_no_mode_becomes_a_spike():
    x = np.r_[np.full(6, 0.1), np.random.default_rng(1).normal(0, 0.3, 60)][None]
    found = fit_mixtures(x, np.ones(x.shape))
    assert found.sd.min() >= LEAST_RATIO * found.sd.max() * (1 - 1e-12)


@pytest.mark.parametrize("kind", ONE_MODE)
def test_samples_can_be_drawn_from_fits_with_one_mode(kind):
    fit = kind.of(np.random.default_rng(3).gamma(12, 2, 500), np.ones(500))
    drawn = fit.draw(np.random.default_rng(4), (1, 20_000))[0]
    at = np.quantile(drawn, [0.05, 0.3, 0.5, 0.8, 0.95])
    np.testing.assert_allclose(fit.cumulative(at), [0.05, 0.3, 0.5, 0.8, 0.95], atol=0.015)


@pytest.mark.slow
@pytest.mark.parametrize("count", [30, 50, 113, 300])
def test_samples_of_one_mode_rarely_have_a_second_one(count):
    assert supported(lambda rng: one_size(rng, count), 200) <= 0.02


def test_heavy_tails_are_not_a_second_mode():
    assert supported(lambda rng: 26 * np.exp(0.2 * rng.standard_t(5, 300)), 40) <= 0.025


def test_two_clear_modes_are_supported():
    assert supported(lambda rng: two_sizes(rng, 50, (20, 40), 1.15), 15) == 1
    assert supported(lambda rng: two_sizes(rng, 300, (20, 33), 1.2), 15) >= 0.8
    assert supported(lambda rng: two_sizes(rng, 1500, (20, 33), 1.2), 2) == 1


def test_discs_of_two_exact_sizes_are_two_modes():
    best = fits(Sizes.equal(np.repeat([16.0, 48.0], [90, 10]))).best
    assert isinstance(best, BimodalFit)
    assert (best.share, best.median_1, best.median_2) == pytest.approx((0.9, 16, 48), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_decision_does_not_depend_on_the_unit(seed):
    values = two_sizes(np.random.default_rng(seed), 80, (20, 34), 1.2)
    one, other = (fits(Sizes.equal(values * factor)) for factor in (1, 1e-3))
    assert one.second_mode.why == other.second_mode.why
    assert one.best.scaled(1e-3).parameters() == pytest.approx(other.best.parameters(), rel=1e-6)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.geomspace(10, 20, 12), "A second mode is not tested with fewer than 20 particles (here 12)."),
        (np.random.default_rng(0).lognormal(3, 0.2, 100), "A second mode is not supported: its AIC is "),
        (np.r_[np.random.default_rng(0).lognormal(3, 0.2, 60), 90, 91], "it would hold 2 particles; 5 are needed."),
        (26 * np.exp(0.2 * np.random.default_rng(0).standard_t(3, 300)), "together have a single peak."),
        (two_sizes(np.random.default_rng(0), 90, (20, 40), 1.15), "A second mode is supported (likelihood ratio "),
    ],
)
def test_the_reason_is_stated(values, why):
    assert why in fits(Sizes.equal(values)).second_mode.why


@pytest.mark.parametrize("larger", [20, 45])
def test_json_table_and_legend_name_the_same_fit(larger):
    labels = np.zeros((600, 600), np.uint16)
    for number, width in enumerate(two_sizes(np.random.default_rng(7), 81, (20, larger), 1.15)):
        y, x = 66 * (number // 9) + 2, 66 * (number % 9) + 2
        labels[y : y + round(width), x : x + round(width)] = number + 1
    measured = Measured("a", measure_particles(labels, pixel_size_nm=2000.0), labels, None, 2000.0)
    sizes = Sizes.of(measured.table)
    description = describe(sizes, Precision(resamples=100))
    plain = json.loads(json.dumps(description.plain(), allow_nan=False))
    assert plain["second_mode"]["supported"] == (plain["fits"][0]["name"] == "bimodal log-normal") == (larger > 20)
    table = next(one for one in content(measured, description, {}).tables if one.title == "Fitted distributions")
    assert table.rows[0][0] == plain["fits"][0]["name"] and table.note.startswith(plain["second_mode"]["why"])
    axes = Figure().subplots()
    draw_sizes(axes, sizes.values * 1e-3, "um", sizes.weights)
    assert axes.get_legend().get_texts()[0].get_text() == f"{plain['fits'][0]['name']} fit"
