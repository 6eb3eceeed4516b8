"""Drift of drawn particles."""

import numpy as np
import pytest

from particleforge.measurement.tracking.drift import drifts


def discs(places, side=160):
    rows, columns = np.mgrid[:side, :side]
    found = np.zeros((side, side), bool)
    for x, y, radius in places:
        found |= (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return found


def moving(steps, grow=0.05, seed=0):
    """Masks of discs that lie far beyond the image, and grow, at the true drift of each frame."""
    rng = np.random.default_rng(seed)
    places = np.column_stack([rng.uniform(-60, 220, (80, 2)), rng.uniform(3, 7, 80)])
    true = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return true, [discs(places + np.array([*shift, grow * number])) for number, shift in enumerate(true)]


def measured(masks):
    found = list(drifts([lambda mask=mask: mask for mask in masks]))
    return np.array([drift for drift, _ in found]), np.array([alike for _, alike in found])


@pytest.mark.parametrize("step", [(0.33, -0.21), (2.0, 1.0), (0.0, 0.0)])
def test_drift_is_measured_to_a_part_of_a_pixel(step):
    true, masks = moving([step] * 14)
    drift, alike = measured(masks)
    assert np.abs(drift - true).max() < 0.4  # of up to 50 px
    assert np.isnan(alike[0]) and alike[1:].min() > 0.6


def test_a_jump_is_measured():
    true, masks = moving([(0, 0), (23.0, -17.0), (0, 0)])
    assert np.abs(measured(masks)[0] - true).max() < 0.25


def test_frames_without_particles_keep_the_drift_of_the_one_before():
    true, masks = moving([(1.0, 0.0)] * 4)
    masks[0] = masks[2] = np.zeros_like(masks[0])
    drift, alike = measured(masks)
    assert (drift[:2] == 0).all() and np.isnan(alike[[0, 1, 2]]).all()
    np.testing.assert_array_equal(drift[2], drift[1])
    assert np.abs(drift[3:] - (true[3:] - true[1])).max() < 0.25


def test_a_large_image_is_reduced():
    mask = np.zeros((1100, 1200), bool)
    mask[300:340, 500:560] = mask[700:720, 200:280] = True
    drift, _ = measured([mask, np.roll(mask, (7, -12), (0, 1))])
    assert drift[1] == pytest.approx([-12, 7], abs=0.3)
