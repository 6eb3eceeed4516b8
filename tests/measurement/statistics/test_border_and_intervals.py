"""Border weights and intervals in simulation: samples of known distributions, seen through a frame."""

import math
from itertools import product

import numpy as np
import pytest

from particleforge.measurement.borders.drop import Drop
from particleforge.measurement.borders.guard_frame import GuardFrame
from particleforge.measurement.borders.keep_all import KeepAll
from particleforge.measurement.borders.miles_lantuejoul import MilesLantuejoul
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Bootstrap, Precision
from particleforge.measurement.statistics.drawn import Drawn
from particleforge.measurement.statistics.figures import NAMES, size_figures
from particleforge.measurement.statistics.sizes import Sizes

FRAME = 1000


def frames(rng, median, gsd, number, count):
    """Diameters and weights of discs wholly inside each of `number` frames; `count` have their centre in each."""
    d = median * np.exp(math.log(gsd) * rng.standard_normal((number, count)))
    away = np.abs(rng.uniform(-FRAME / 2, FRAME / 2, (number, count, 2))).max(axis=2)
    touching = away + d / 2 > (FRAME - 1) / 2
    columns = {"box_width_px": d, "box_height_px": d, "touches_border": touching}
    return d, MilesLantuejoul().weights(columns, (FRAME, FRAME))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (6, 2)])
def test_over_all_places_the_weights_of_a_particle_sum_to_the_area(height, width):
    total = 0.0
    for y, x in product(range(12 - height + 1), range(15 - width + 1)):
        labels = np.zeros((12, 15), int)
        labels[y : y + height, x : x + width] = 1
        total += measure_particles(labels)["weight"].item()
    assert total == pytest.approx(12 * 15)


@pytest.mark.parametrize("relative", [0.05, 0.1, 0.2])
def test_miles_lantuejoul_is_free_of_bias_where_dropping_is_not(relative):
    d, weights = frames(np.random.default_rng(1), relative * FRAME, 1.5, 200, 4000)
    log, inside = np.log(d / (relative * FRAME)), weights > 0
    corrected = 100 * math.expm1(np.average(log, weights=weights))
    assert abs(corrected) < 0.5
    dropped = 100 * math.expm1(log[inside].mean())
    assert dropped == pytest.approx({0.05: -1.85, 0.1: -3.8, 0.2: -8.1}[relative], abs=0.3)


def by_number(drawn, weights):
    """Geometric mean, GSD, mean, D10, D50 and D90 of resamples as `size_figures` has them, and nothing else."""
    shares = weights[None]
    tens = drawn.percentiles(shares, np.array([0.1, 0.5, 0.9]))[:, 0]
    return np.concatenate([*drawn.geometric(shares), drawn.moments(drawn.values, shares)[0], tens], axis=1)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_claim():
    rng, rates = np.random.default_rng(2), []
    for median, gsd, count in ((100, 1.5, 200), (50, 1.3, 80)):
        s = math.log(gsd)
        tens = median * np.exp(np.array([-1.2815516, 0, 1.2815516]) * s)
        truth = np.array([median, gsd, median * math.exp(s**2 / 2), *tens])
        hits = []
        for d, w in zip(*frames(rng, median, gsd, 200, count), strict=True):
            order = np.argsort(d)[w[np.argsort(d)] > 0]
            sizes = Sizes(d[order], w[order], np.zeros(len(order), int), "px")
            low, high = Bootstrap(sizes, Precision(resamples=500)).intervals(by_number)
            hits.append((low <= truth) & (truth <= high))
        names = ["geometric_mean", "gsd", "mean", "d10", "d50", "d90"]
        index = [NAMES.index(("number", name)) for name in names]
        np.testing.assert_allclose(
            by_number(Drawn.once(sizes.values), sizes.weights)[0], size_figures(sizes, None)[index]
        )
        rates.append(100 * np.mean(hits, axis=0))
    assert all(90 <= rate <= 99 for one in rates for rate in one), rates
    assert all(92 <= rate <= 98 for rate in np.mean(rates, axis=0)), rates


def mean(drawn, weights):
    return drawn.moments(drawn.values, weights[None])[0]


def test_images_that_differ_make_intervals_wider():
    rng = np.random.default_rng(3)
    medians = 20 * np.exp(0.2 * rng.standard_normal(12))
    values = np.concatenate([median * np.exp(0.1 * rng.standard_normal(50)) for median in medians])
    order = np.argsort(values)
    images = np.repeat(np.arange(12), 50)[order]
    widths = []
    for which in (images, np.zeros(600, int)):
        bootstrap = Bootstrap(Sizes(values[order], np.ones(600), which, "nm"), Precision())
        low, high = bootstrap.intervals(mean)
        widths.append(float(high[0] - low[0]))
    assert widths[0] > 3 * widths[1]


def test_the_interval_of_a_normal_mean_is_that_of_student():
    values = np.random.default_rng(4).normal(100, 5, 40)
    bootstrap = Bootstrap(Sizes.equal(values), Precision(resamples=4000))
    low, high = bootstrap.intervals(mean)
    half = 2.0227 * values.std(ddof=1) / math.sqrt(40)
    assert (low[0], high[0]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_every_rule_on_one_image():
    labels = np.zeros((40, 40), int)
    labels[0:4, 10:14], labels[8:12, 8:12], labels[30:36, 28:34] = 1, 2, 3
    expected = {
        KeepAll(): [1, 1, 1],
        Drop(): [0, 1, 1],
        MilesLantuejoul(): [0, 1600 / 35**2, 1600 / 33**2],
        GuardFrame(guard_px=9): [0, 1, 0],
        GuardFrame(): [0, 1, 1],
    }
    for rule, weights in expected.items():
        table = measure_particles(labels, rules=Rules(border=rule))
        assert table["weight"].tolist() == pytest.approx(weights), rule
        assert rule.sentence
    limits = Rules(border="keep_all", smallest_px=5, largest_px=6)
    assert measure_particles(labels, rules=limits)["weight"].tolist() == [0, 0, 0]
    assert "at least 5 px" in limits.sentences()["Size limits"]
    with pytest.raises(Exception, match="below smallest_px"):
        Rules(smallest_px=5, largest_px=4)
