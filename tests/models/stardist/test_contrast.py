"""How much objects stand out."""

import math

import numpy as np
import pytest

from particleforge.models.stardist.contrast import contrast
from particleforge.models.stardist.stars import Stars

RADIUS = 8.0
PLACES = [(30.0, 30.0), (30.0, 90.0), (90.0, 30.0), (90.0, 90.0)]


def scene(strength: float, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Stars]:
    """Four discs in noise, their labels on a grid of 2, and their outlines."""
    rows, columns = np.indices((120, 120))
    image = np.random.default_rng(seed).normal(0.3, noise, (120, 120))
    labels = np.zeros((60, 60), int)
    for i, (y, x) in enumerate(PLACES):
        image[np.hypot(rows - y, columns - x) < RADIUS] += strength
        labels[(np.hypot(rows - y, columns - x) < RADIUS)[::2, ::2]] = i + 1
    return image.astype(np.float32), labels, Stars(np.array(PLACES), np.full((4, 64), RADIUS, np.float32))


@pytest.mark.parametrize("strength", [0.4, -0.3])
def test_contrast_is_that_of_the_discs(strength: float) -> None:
    image, labels, stars = scene(strength, 0.02)
    found = contrast(image, labels, stars, (2.0, 2.0))
    assert found.values == pytest.approx(np.full(4, strength), abs=0.03)
    assert (found.z > 20).all()


def test_outlines_drawn_in_noise_do_not_stand_out() -> None:
    image, labels, stars = scene(0.0, 0.1)
    found = contrast(image, labels, stars, (2.0, 2.0))
    assert (found.z < 5).all()


def test_rays_into_neighbours_and_out_of_the_image_are_left_out() -> None:
    image, labels, _ = scene(0.4, 0.0)
    everywhere = np.full_like(labels, 1)
    everywhere[:30] = 2
    two = Stars(np.array([[90.0, 60.0], [30.0, 60.0]]), np.full((2, 64), RADIUS, np.float32))
    assert np.isfinite(contrast(image, everywhere, two, (2.0, 2.0)).values).all()
    swallowed = np.full_like(labels, 3)
    assert np.isnan(contrast(image, swallowed, two, (2.0, 2.0)).values).all()
    outside = Stars(np.array([[60.0, 60.0]]), np.full((1, 64), 400.0, np.float32))
    assert np.isnan(contrast(image, np.zeros_like(labels), outside, (2.0, 2.0)).values).all()


def test_without_background_the_noise_is_unknown() -> None:
    image, labels, stars = scene(0.4, 0.01)
    found = contrast(image, np.maximum(labels, 1), stars, (2.0, 2.0))
    assert math.isnan(found.noise) and np.isnan(found.z).all()


def test_the_same_image_gives_the_same_noise() -> None:
    image, labels, stars = scene(0.1, 0.05)
    assert contrast(image, labels, stars, (2, 2)).noise == contrast(image, labels, stars, (2, 2)).noise


def test_nothing_has_no_contrast() -> None:
    image, labels, _ = scene(0.1, 0.05)
    assert not len(contrast(image, labels, Stars(np.empty((0, 2)), np.empty((0, 64), np.float32)), (2, 2)).values)
