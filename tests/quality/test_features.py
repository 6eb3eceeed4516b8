"""Features of images whose looks are known."""

import numpy as np
import pytest

from particleforge.quality.features import network, objects, style, texture
from particleforge.quality.view import SIDE_PX, View


def view(crops, labels=None, middle=None, levels=()):
    labels = np.zeros((32, 32), np.uint32) if labels is None else labels
    middle = np.zeros(labels.shape, np.float32) if middle is None else middle
    return View(crops.astype(np.float32), middle.astype(np.float32), labels, lambda _: levels)


def wave(length_px, angle_deg):
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    angle = np.deg2rad(angle_deg)
    return 0.5 + 0.3 * np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length_px)[None]


def discs(bright):
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    inside = np.zeros((SIDE_PX, SIDE_PX))
    for row, column in ((20, 20), (60, 70), (75, 25)):
        inside[np.hypot(y - row, x - column) < 9] = 1
    noise = np.random.default_rng(0).normal(0, 0.02, inside.shape)
    return ((inside if bright else 1 - inside) + noise)[None]


@pytest.mark.parametrize(("place", "length_px"), list(enumerate(texture.WAVELENGTHS_PX[:4])))
def test_a_wave_is_strongest_in_its_octave(place, length_px):
    found = texture.compute(view(wave(length_px, 0)))[0]
    assert found.shape == (57,)
    strongest = [found[8 * octave] for octave in range(5)]
    assert int(np.argmax(strongest)) == place


def test_a_turned_image_has_the_same_texture():
    image = discs(bright=True)
    straight, turned = (texture.compute(view(one))[0] for one in (image, np.rot90(image, axes=(1, 2))))
    assert np.allclose(straight, turned, atol=2e-2)


def test_bright_and_dark_particles_differ_in_the_sign_of_the_skewness():
    bright, dark = (texture.compute(view(discs(one)))[0] for one in (True, False))
    coarse = [8 * octave + 7 for octave in (2, 3, 4)]
    assert (bright[coarse] * dark[coarse] < 0).all()
    kinds = [place for place in range(40) if place % 8 < 6]
    assert np.allclose(bright[kinds], dark[kinds], atol=0.1)


def test_uniform_crops_have_finite_texture():
    assert np.isfinite(texture.compute(view(np.full((2, SIDE_PX, SIDE_PX), 0.3)))).all()


def test_the_network_gives_mean_and_spread_of_each_channel_and_its_gram_matrices():
    rng = np.random.default_rng(1)
    levels = [rng.normal(size=(2, 3, 8, 8)), rng.normal(size=(2, 5, 4, 4))]
    crops = np.zeros((2, SIDE_PX, SIDE_PX))
    found = network.compute(view(crops, levels=levels))
    assert found.shape == (2, 16)
    assert np.allclose(found[1, 3:6], levels[0][1].std((1, 2)))
    other = [one + 0.5 for one in levels]
    difference = style.compute(view(crops, levels=levels)) - style.compute(view(crops, levels=other))
    expected = 0
    for one, two in zip(levels, other, strict=True):
        grams = [np.einsum("bcyx,bdyx->cd", each, each) / (each.size / each.shape[1]) for each in (one, two)]
        expected += ((grams[0] - grams[1]) ** 2).sum() / one.shape[1] ** 2
    assert (difference**2).sum() == pytest.approx(expected)


def test_objects_are_described_by_shape_coverage_and_contrast():
    y, x = np.mgrid[:200, :200]
    labels = np.zeros((200, 200), np.uint32)
    labels[np.hypot(y - 60, x - 60) < 20] = 1
    labels[np.hypot(y - 140, x - 140) < 20] = 2
    grey = np.where(labels > 0, 0.8, 0.2)
    aspect, solidity, coverage, gsd, contrast, edge = objects.compute(
        view(np.zeros((1, SIDE_PX, SIDE_PX)), labels, grey)
    )[0]
    assert aspect == pytest.approx(1, abs=0.05) and solidity > 0.95 and gsd == pytest.approx(1, abs=1e-3)
    assert coverage == pytest.approx(2 * np.pi * 400 / 40000, rel=0.02)
    assert contrast == pytest.approx(0.6, abs=1e-3) and edge == pytest.approx(0, abs=1e-3)


def test_an_image_without_particles_has_the_shapes_of_nothing():
    assert objects.compute(view(np.zeros((1, SIDE_PX, SIDE_PX)))).tolist() == [[1, 1, 0, 1, 0, 0]]
