import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from particleforge.errors import UserError
from particleforge.measurement.distribution import (
    size_distribution,
    size_statistics,
    size_unit,
    summarize,
)
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision

diameters = st.lists(st.integers(10, 10**6).map(lambda number: number / 100), min_size=2, max_size=30)


def test_a_lognormal_sample_follows_theory():
    median, gsd, n = 40.0, 1.4, 200_000
    found = size_statistics(median * np.exp(math.log(gsd) * np.random.default_rng(0).standard_normal(n)))
    s2 = math.log(gsd) ** 2
    z90 = math.exp(1.2815516 * math.log(gsd))
    truth = {
        "mean": median * math.exp(s2 / 2),
        "geometric_mean": median,
        "gsd": gsd,
        "d10": median / z90,
        "d50": median,
        "d90": median * z90,
        "volume_d50": median * math.exp(3 * s2),
        "sauter_d32": median * math.exp(2.5 * s2),
    }
    for name, value in truth.items():
        assert found[name] == pytest.approx(value, rel=0.01), name


@given(diameters)
def test_the_lognormal_fit_is_of_largest_likelihood(values):
    fit = size_statistics(np.array(values))["lognormal"]
    s, _, scale = lognorm.fit(values, floc=0) if len(set(values)) > 1 else (0, 0, values[0])
    assert fit["median"] == pytest.approx(scale, rel=1e-3)
    assert math.log(fit["gsd"]) == pytest.approx(s, rel=1e-3, abs=1e-6)


@given(diameters, st.floats(0.01, 100))
def test_sizes_scale_and_widths_do_not(values, factor):
    one, other = size_statistics(np.array(values)), size_statistics(np.array(values) * factor)
    for name in ("mean", "geometric_mean", "d10", "d50", "d90", "sauter_d32"):
        assert other[name] == pytest.approx(one[name] * factor)
    assert other["gsd"] == pytest.approx(one["gsd"])
    assert min(values) <= one["volume_d50"] <= max(values)


@pytest.mark.parametrize("pixel_size_nm", [None, 0.5])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_the_count_cannot_support_is_none(count, pixel_size_nm):
    labels = np.zeros((9, 9), np.int32)
    for i in range(count):
        labels[4 * i + 2, 1 : 3 + i] = i + 1
    summary = summarize(measure_particles(labels, pixel_size_nm=pixel_size_nm))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert (summary["count"], summary["counted"], summary["border_rule"]) == (count, count, "miles_lantuejoul")
    assert (summary["nm"] is None) == (pixel_size_nm is None)
    for name, needs in {"mean": 1, "geometric_mean": 1, "d50": 1, "volume_d50": 1, "sauter_d32": 1}.items():
        assert (summary["px"][name] is not None) == (count >= needs), name
    for value in (*(summary["px"][name] for name in ("gsd", "d10", "d90")), *summary["px"]["lognormal"].values()):
        assert (value is not None) == (count >= 2)


def test_border_contacts_are_counted_and_kept():
    labels = np.zeros((9, 9), np.int32)
    labels[0, :3], labels[4, 4] = 1, 2
    assert measure_particles(labels)["weight"].tolist() == [0, pytest.approx(81 / 49)]
    summary = summarize(measure_particles(labels))
    assert (summary["count"], summary["counted"], summary["touching_border"]) == (2, 1, 1)
    everything = summarize(measure_particles(labels, rules=Rules(border="keep_all")), Rules(border="keep_all"))
    assert (everything["counted"], everything["border_rule"]) == (2, "keep_all")


@pytest.mark.parametrize(
    ("median_nm", "unit", "factor"), [(0.4, "nm", 1), (999, "nm", 1), (1500, "um", 1e-3), (2e6, "mm", 1e-6)]
)
def test_the_unit_suits_the_median(median_nm, unit, factor):
    assert size_unit(median_nm) == (unit, factor)


def test_a_size_distribution_agrees_with_the_summary():
    labels = np.zeros((400, 400), np.int32)
    for i, radius in enumerate(np.random.default_rng(3).uniform(4, 15, 64)):
        y, x = np.ogrid[:400, :400]
        labels[(y - 25 - 48 * (i // 8)) ** 2 + (x - 25 - 48 * (i % 8)) ** 2 <= radius**2] = i + 1
    table = measure_particles(labels, pixel_size_nm=0.5)
    found, summary = size_distribution(table, "feret_max"), summarize(table, Rules(size="feret_max"))
    assert (found.unit, found.count) == ("nm", 64)
    for name in ("geometric_mean", "gsd", "d10", "d50", "d90"):
        estimate = getattr(found, name)
        assert estimate.value == pytest.approx(summary["nm"][name])
        assert estimate.low < estimate.value < estimate.high
    assert found.d10.value < found.d50.value < found.d90.value
    assert found.description.figures["moments"]["D[3,2]"].value == pytest.approx(summary["nm"]["sauter_d32"])
    narrow = size_distribution(table, "feret_max", Precision(confidence_percent=60))
    assert narrow.d50.high - narrow.d50.low < found.d50.high - found.d50.low
    with pytest.raises(UserError, match="no size 'feret'"):
        size_distribution(table, "feret")


def test_no_particle_has_no_size_distribution():
    found = size_distribution(measure_particles(np.zeros((9, 9), int)))
    assert (found.count, found.d50.value, found.d50.low) == (0, None, None)
