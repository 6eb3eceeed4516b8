"""Screening for nanomaterials: shares counted by hand, and three verdicts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from particleforge.measurement.nanomaterial import nano_share
from particleforge.measurement.statistics.bootstrap import Precision

QUICK = Precision(resamples=100)


def particles(small, large, pixel_size_nm=1.0, images=1, small_nm=60.0, large_nm=150.0):
    """Return a table with so many particles below and above 100 nm, spread over images."""
    feret = np.array([small_nm] * small + [large_nm] * large)
    return pd.DataFrame(
        {
            "image": [f"i{number % images}" for number in range(len(feret))],
            "feret_min_nm": feret,
            "feret_min_px": feret / pixel_size_nm,
            "weight": 1.0,
        }
    )


@given(st.integers(0, 30), st.integers(0, 30), st.sampled_from([80.0, 95.0, 99.0]))
def test_without_size_errors_the_interval_is_that_of_wilson(small, large, percent):
    if not small + large:
        return
    found = nano_share(particles(small, large), Precision(confidence_percent=percent))
    wilson = binomtest(small, small + large).proportion_ci(percent / 100, method="wilson")
    assert found.share == small / (small + large)
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-12)


@pytest.mark.parametrize(
    ("small", "large", "verdict"),
    [(90, 10, "at_least_half"), (10, 90, "below_half"), (52, 48, "undecided"), (48, 52, "undecided")],
)
def test_there_are_three_verdicts(small, large, verdict):
    found = nano_share(particles(small, large))
    assert found.verdict == verdict
    assert found.sentence.startswith("Undecided" if verdict == "undecided" else "Clearly")


def test_sizes_close_to_the_limit_are_in_doubt_if_sizes_are():
    table = particles(90, 10, small_nm=96.0)
    sure, doubtful = nano_share(table, size_error=0.02), nano_share(table, size_error=0.1)
    assert (sure.verdict, doubtful.verdict) == ("at_least_half", "undecided")
    assert doubtful.low == 0 and doubtful.sizes_included


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_doubt_of_the_sizes_never_narrows(small, large, one, more):
    table = particles(small, large, small_nm=80.0, large_nm=120.0)
    before, after = nano_share(table, size_error=one), nano_share(table, size_error=one + more)
    assert after.low <= before.low and after.high >= before.high
    assert 0 <= after.low <= after.share <= after.high <= 1


def test_at_low_magnification_small_particles_may_be_missing():
    found = nano_share(particles(10, 90, pixel_size_nm=20.0))
    assert found.verdict == "undecided"
    assert "100 nm is only 5 px" in found.sentence
    assert nano_share(particles(90, 10, pixel_size_nm=20.0)).verdict == "at_least_half"


def test_images_that_differ_widen_the_interval():
    table = particles(120, 120, images=12)
    differing = table.assign(image=[f"i{number // 20}" for number in range(240)])  # all small, or all large
    alike, apart = nano_share(table, QUICK), nano_share(differing, QUICK)
    assert alike.share == apart.share == 0.5
    assert apart.high - apart.low > 2 * (alike.high - alike.low)


def test_particles_that_do_not_count_are_left_out_and_others_weighted():
    table = particles(2, 3).assign(weight=[1.0, 3.0, 2.0, 2.0, 0.0])
    assert nano_share(table).share == 0.5
    assert nano_share(table.assign(weight=0.0)) is None


def test_sizes_in_pixels_say_nothing():
    assert nano_share(particles(3, 3).assign(feret_min_nm=np.nan)) is None
