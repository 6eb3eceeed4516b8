"""Uncertainties of samples that are compared, against simulation."""

import math

import numpy as np
import pytest

from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.compare import compare
from particleforge.measurement.statistics.describe import Estimate, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.detection import COMMON_SHARE
from particleforge.measurement.uncertainty.several import Uncertainties
from particleforge.measurement.uncertainty.stored import StoredUncertainty


def stored(detection, pixel_size=0.0, border=0.0):
    parts = {"detection": detection, "pixel_size": pixel_size, "border": border}
    return StoredUncertainty({"geometric_mean": parts, "gsd": {"detection": detection}})


@pytest.mark.parametrize("same", [True, False])
def test_the_common_part_of_errors_cancels_in_a_ratio(same):
    """Against errors drawn with a common and an independent part."""
    one, other = stored(0.05, 0.01, 0.02), stored(0.08, 0.01, 0.02)
    rng, repeats = np.random.default_rng(0), 200_000
    common, a, b, pixel, second = rng.standard_normal((5, repeats))
    ratio = math.sqrt(COMMON_SHARE) * common * (0.05 - 0.08) + math.sqrt(1 - COMMON_SHARE) * (0.05 * a - 0.08 * b)
    if not same:
        ratio += 0.01 * (pixel - second)
    assert one.of_ratio("geometric_mean", other, same) == pytest.approx(ratio.std(), rel=0.01)


def test_intervals_of_deviations_hold_both_samples_and_what_does_not_cancel():
    rng, quick = np.random.default_rng(1), Precision(resamples=100)
    sizes = {name: Sizes.equal(np.exp(rng.normal(middle, 0.3, 80))) for name, middle in (("a", 3.0), ("b", 3.1))}
    described = {name: describe(one, quick) for name, one in sizes.items()}
    found = compare(sizes["b"], sizes["a"], 100)
    alone = Uncertainties().of_deviations(found, described, ("b", "a"))
    known = {"a": stored(0.05, 0.01), "b": stored(0.05, 0.01)}
    calibration = dict.fromkeys("ab", (frozenset([2.0]), "1 %"))
    shared = Uncertainties(known, calibration).of_deviations(found, described, ("b", "a"))
    apart = Uncertainties(known).of_deviations(found, described, ("b", "a"))
    figures = [described[name].figures["number"]["geometric_mean"] for name in ("b", "a")]
    down = math.hypot(*(math.log(one.high / one.low) / 2 for one in figures))
    low, high = (math.log1p(limit / 100) for limit in alone.geometric_mean_interval)
    assert (high - low) / 2 == pytest.approx(down, rel=0.05)
    assert low < math.log1p(found.geometric_mean_percent / 100) < high
    for wide, narrow in ((apart, shared), (shared, alone)):
        assert wide.geometric_mean_interval[0] < narrow.geometric_mean_interval[0]
        assert wide.geometric_mean_interval[1] > narrow.geometric_mean_interval[1]


def test_what_intervals_hold_is_stated():
    about = Uncertainties({"a": stored(0.05), "b": StoredUncertainty({}, ("detection", "pixel size"))})
    text = about.sentence(["a", "b"], 95)
    assert text.startswith("95 %, by resampling (bootstrap), widened for detection, of which the common part")
    assert text.endswith("not included, for some or all samples: detection and pixel size")


def test_results_of_earlier_versions_know_sampling_alone():
    old = StoredUncertainty.of({"intervals": {}})
    assert old.widen("d50", Estimate(3.0, 2.0, 4.0), 2.0) == Estimate(3.0, 2.0, 4.0)
    assert old.missing == ("detection", "pixel size")
