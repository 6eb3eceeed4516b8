"""Growth rates compared with those of NumPy, and with what is true."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, linregress

from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.tracking.curves import poisson_interval
from particleforge.measurement.tracking.rates import Rates, fitted


def series(rng, tracks, frames=20, rate=0.5, spread=0.0, noise=0.3):
    """Sizes of tracks of different lengths."""
    parts = []
    for track in range(1, tracks + 1):
        times = np.sort(rng.choice(frames, rng.integers(6, frames), replace=False)) * 2.0
        own = rate * (1 + spread * rng.normal())
        sizes = rng.uniform(10, 20) + own * times + rng.normal(0, noise, len(times))
        parts.append(pd.DataFrame({"track": track, "time": times, "ecd_nm": sizes}))
    return pd.concat(parts, ignore_index=True)


def test_lines_are_those_of_scipy():
    table = series(np.random.default_rng(0), 8).sample(frac=1, random_state=0)
    found = fitted(table, "ecd_nm", 3)
    for track, own in table.groupby("track"):
        line = linregress(own["time"], own["ecd_nm"])
        assert found.loc[track, ["rate", "rate_error"]].tolist() == pytest.approx([line.slope, line.stderr])
        assert found.loc[track, "fitted"] == len(own)


def test_too_few_frames_give_no_rate():
    table = pd.DataFrame({"track": [1, 1, 1, 2, 2], "time": [0.0, 1, 2, 0, 1], "ecd_px": [1.0, 2, 3, 5, 5]})
    assert fitted(table, "ecd_px", 3)["rate"].isna().tolist() == [False, True]
    rates = Rates.of(fitted(table, "ecd_px", 4), Precision())
    assert rates.count == 0 and rates.median.value is None


def test_intervals_hold_the_true_rate_as_often_as_they_say():
    rng, precision = np.random.default_rng(1), Precision(resamples=200)
    held = 0
    for _ in range(100):
        rates = Rates.of(fitted(series(rng, 25, spread=0.1), "ecd_nm", 5), precision)
        held += rates.median.low <= 0.5 <= rates.median.high
    assert 89 <= held <= 99


def test_single_tracks_that_are_wrong_hardly_change_the_median():
    rng = np.random.default_rng(2)
    table = series(rng, 40)
    wrong = table["track"] <= 4
    table.loc[wrong, "ecd_nm"] += 3 * table.loc[wrong, "time"]
    assert Rates.of(fitted(table, "ecd_nm", 5), Precision()).median.value == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("count", [0, 1, 7, 300])
def test_equal_weights_give_the_exact_interval_of_a_count(count):
    low, high = poisson_interval(np.full(count, 2.0), 95.0)
    each = 2.0 if count else 1.0
    expected = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0, chi2.ppf(0.975, 2 * count + 2) / 2
    assert (low, high) == pytest.approx([each * one for one in expected])
