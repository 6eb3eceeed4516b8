import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.models.estimator.together import LEAST_GROUPS, Together


def grouped(rng, groups=200, count=10, slope=0.7, of_groups=0.02, of_images=0.1):
    """Estimates of images, the parameter of each one's group, the group's number."""
    asked = np.repeat(rng.uniform(1.5, 2.5, groups), count)
    shared = np.repeat(rng.normal(0, of_groups, groups), count)
    found = 2.1 + slope * (asked - 2) + shared + rng.normal(0, of_images, asked.shape)
    return found, asked, np.repeat(np.arange(groups), count)


@given(st.floats(0.2, 3), st.integers(1, 20), st.integers(0, 1000))
def test_without_noise_a_slope_is_taken_back_for_any_number_of_images(slope, count, seed):
    found, asked, groups = grouped(np.random.default_rng(seed), slope=slope, of_groups=0, of_images=0)
    together = Together.fit(found, asked, groups)
    assert together(found[0], count) == pytest.approx(asked[0], abs=1e-9)


@pytest.mark.parametrize("count", [1, 3, 10])
def test_other_groups_are_told_better_than_by_the_mean(count):
    rng = np.random.default_rng(count)
    together = Together.fit(*grouped(rng))
    found, asked, _ = grouped(rng, groups=2000, count=count)
    means, true = found.reshape(-1, count).mean(1), asked[::count]
    told = np.array([together(mean, count) for mean in means])
    assert np.abs(told - true).mean() < 0.9 * np.abs(means - true).mean()
    assert abs(told.mean() - true.mean()) < 0.02
    best = np.polynomial.Polynomial.fit(means, true, 1)(means)  # what these very groups would have liked best
    assert ((told - true) ** 2).mean() < 1.03 * ((best - true) ** 2).mean()


def test_the_more_images_the_more_is_taken_back():
    together = Together.fit(*grouped(np.random.default_rng(0)))
    far = [together(2.4, count) for count in (1, 2, 5, 10, 100)]
    assert far == sorted(far)
    assert far[-1] > far[0] + 0.05


def test_it_takes_groups_that_tell_something():
    found, asked, groups = grouped(np.random.default_rng(0), groups=LEAST_GROUPS)
    assert Together.fit(found, asked, groups) is not None
    assert Together.fit(found[10:], asked[10:], groups[10:]) is None
    assert Together.fit(found, asked, np.arange(len(found))) is None
    assert Together.fit(-found, asked, groups) is None
    assert Together.fit(found, np.ones_like(asked), groups) is None
