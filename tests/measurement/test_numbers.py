import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.measurement.numbers import digits, with_limits


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (31.3127, 30.184, 32.377, "31.3 (30.2 to 32.4)"),
        (64.72, 63.25, 66.58, "64.7 (63.2 to 66.6)"),
        (23.86, 15.2, 41.0, "24 (15 to 41)"),
        (1.2512, 1.2133, 1.2911, "1.25 (1.21 to 1.29)"),
        (1.2512, 1.2413, 1.2611, "1.251 (1.241 to 1.261)"),
        (31313, 30812, 31801, "31300 (30800 to 31800)"),
        (4, 1, 30, "4 (1 to 30)"),
        (0.4, 0.1, 30, "0.4 (0.1 to 30.0)"),
        (0.02, -0.31, 0.35, "0.02 (-0.31 to 0.35)"),
        (12.34, 12.34, 12.34, "12.3 (12.3 to 12.3)"),
        (99.96, None, None, "100"),
        (None, None, None, "-"),
        (math.nan, 1, 2, "-"),
    ],
)
def test_examples(value, low, high, text):
    assert " ".join(with_limits(value, low, high)).strip() == text


@pytest.mark.parametrize("value", [1e-7, 0.5, 99.94, 1234.5])
def test_without_an_interval_there_are_three_digits(value):
    assert with_limits(value, None, None) == (digits(value), "")
    assert float(digits(value)) == pytest.approx(value, rel=5e-3)


@given(st.floats(1e-3, 1e6), st.floats(1e-4, 2))
def test_no_digit_is_missing_and_none_is_chance(value, relative):
    low, high = value / (1 + relative), value * (1 + relative)
    shown, limits = with_limits(value, low, high)
    half = (high - low) / 2
    least, most = (float(one) for one in limits.strip("()").split(" to "))
    decimals = {len(one.partition(".")[2]) for one in (shown, *limits.strip("()").split(" to "))}
    assert len(decimals) == 1 and 0 < least <= float(shown) <= most
    for text, exact in ((float(shown), value), (least, low), (most, high)):
        assert abs(text - exact) <= 0.15 * half * (1 + 1e-6)
