"""Descriptors against independent computations, one particle at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from skimage.measure import label as connected

from particleforge.measurement.descriptor import Particles
from particleforge.measurement.descriptors._hull import moved_out
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.shape_class import ShapeRule
from particleforge.measurement.volumes.rod import Rod
from particleforge.measurement.volumes.sphere import Sphere
from particleforge.measurement.volumes.spheroid import Spheroid

small_labels = arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3)).map(
    lambda labels: connected(labels, connectivity=2)
)
"""Every label in one piece."""


def polygons(labels):
    """The particles, and the corners of every hull, moved out."""
    particles = Particles(labels, Rules())
    hull = particles.hulls
    points = np.stack(moved_out(hull), axis=-1)
    return particles, [points[start : start + count] for start, count in zip(hull.start, hull.count, strict=True)]


@given(small_labels)
@settings(max_examples=100)
def test_enclosing_circles_hold_all_corners_and_cannot_be_smaller(labels):
    particles, corners = polygons(labels)
    for diameter, points in zip(particles["enclosing_px"], corners, strict=True):
        if len(points) < 2:
            assert diameter == 1
            continue
        best = minimize(
            lambda centre, points=points: np.hypot(*(points - centre).T).max(),
            points.mean(axis=0),
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 2000},
        )
        assert diameter == pytest.approx(2 * best.fun, abs=1e-4)
        assert diameter >= cdist(points, points).max() - 1e-9


@given(small_labels)
@settings(max_examples=100)
def test_calipers_turned_in_small_steps_find_nothing_else(labels):
    columns, corners = polygons(labels)
    angles = np.linspace(0, math.pi, 721)[:-1]
    turned = np.stack([np.cos(angles), np.sin(angles)])
    for i, points in enumerate(corners):
        if len(points) < 3:
            continue
        width = np.ptp(points @ turned, axis=0)
        assert columns["feret_mean_px"][i] == pytest.approx(width.mean(), rel=2e-3)
        assert columns["feret_max_px"][i] >= width.max() - 1e-9
        centres = np.argwhere(labels == np.unique(labels[labels > 0])[i])[:, ::-1]
        narrow = np.ptp(centres @ turned, axis=0)
        least, most = ((side * np.roll(side, 360)).min() for side in (narrow, narrow + 1))
        area = columns["rectangle_length_px"][i] * columns["rectangle_width_px"][i]
        assert least <= area <= 1.02 * most
        assert columns["rectangle_width_px"][i] <= columns["rectangle_length_px"][i]
        longest = cdist(points, points)
        one, other = np.unravel_index(longest.argmax(), longest.shape)
        along = (points[other] - points[one]) / longest.max()
        across = np.ptp(points @ np.array([-along[1], along[0]]))
        assert (
            columns["feret_90_px"][i] == pytest.approx(across, abs=1e-9) or np.sum(longest > longest.max() - 1e-9) > 2
        )


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 6), (7, 1), (20, 30), (50, 50)])
def test_rectangles_along_the_grid(height, width):
    row = measure_particles(np.pad(np.ones((height, width), np.uint8), 2)).iloc[0]
    sides = sorted((height, width))
    assert (row["rectangle_width_px"], row["rectangle_length_px"]) == pytest.approx(sides)
    assert row["feret_mean_px"] == pytest.approx(2 * sum(sides) / math.pi, rel=0.08 if sides[0] > 1 else 1e-9)
    assert row["inscribed_px"] == pytest.approx(sides[0], abs=1)
    assert row["enclosing_px"] == pytest.approx(math.hypot(*sides), abs=0.45)
    assert (row["extent"], row["box_height_px"], row["box_width_px"]) == (1, height, width)


def test_inscribed_circles_do_not_cross_into_touching_particles():
    labels = np.zeros((40, 60), np.uint8)
    labels[5:35, 5:25], labels[5:35, 25:55] = 1, 2
    assert measure_particles(labels)["inscribed_px"].tolist() == pytest.approx([20, 30], abs=1)


def test_neighbours_are_the_nearest_centroids():
    rng = np.random.default_rng(0)
    labels = np.zeros((200, 200), np.int32)
    labels[tuple(rng.choice(200, (2, 60)))] = np.arange(1, 61)
    table = measure_particles(labels)
    points = table[["x_px", "y_px"]].to_numpy()
    away = cdist(points, points) + 1e9 * np.eye(len(points))
    np.testing.assert_allclose(table["neighbour_px"], away.min(axis=1))
    assert measure_particles(np.eye(1, dtype=int))["neighbour_px"].isna().all()


def test_intensities_pass_over_pixels_without_a_value():
    labels = np.kron(np.arange(1, 5).reshape(2, 2), np.ones((6, 6), int))
    grey = np.random.default_rng(1).normal(1e6, 3, labels.shape)
    grey[0, :4], grey[labels == 4] = np.nan, np.inf
    table = measure_particles(labels, intensity=grey).set_index("label")
    for label in (1, 2, 3):
        values = grey[(labels == label) & np.isfinite(grey)]
        assert table.loc[label, "mean_intensity"] == pytest.approx(values.mean(), rel=1e-12)
        assert table.loc[label, "sd_intensity"] == pytest.approx(values.std(), rel=1e-6)
    assert table.loc[4, ["mean_intensity", "sd_intensity"]].isna().all()


def test_volumes_of_bodies_that_are_as_assumed():
    y, x = np.mgrid[-60:61, -60:61] + 0.25
    disc = (np.hypot(x, y) <= 40).astype(np.uint8)
    ellipse = ((x / 50) ** 2 + (y / 25) ** 2 <= 1).astype(np.uint8)
    rod = (np.hypot(np.maximum(abs(x) - 30, 0), y) <= 15).astype(np.uint8)
    for mask, volume, true in [
        (disc, Sphere(), 4 / 3 * math.pi * 40**3),
        (disc, Rod(), 4 / 3 * math.pi * 40**3),
        (ellipse, Spheroid(), 4 / 3 * math.pi * 50 * 25**2),
        (ellipse, Spheroid(about="short"), 4 / 3 * math.pi * 50**2 * 25),
        (rod, Rod(), math.pi * 15**2 * 60 + 4 / 3 * math.pi * 15**3),
    ]:
        row = measure_particles(mask, rules=Rules(volume=volume), pixel_size_nm=2.0).iloc[0]
        assert row["volume_px3"] == pytest.approx(true, rel=0.04)
        assert row["ved_nm"] == pytest.approx(2 * math.cbrt(6 / math.pi * row["volume_px3"]))
        assert row["volume_nm3"] == pytest.approx(8 * row["volume_px3"])


def test_a_bent_fibre_is_as_long_as_it_is_straight():
    y, x = np.mgrid[-120:121, -120:121]
    ring = (abs(np.hypot(x, y) - 80) <= 5) & (y >= 0)
    row = measure_particles(ring.astype(np.uint8)).iloc[0]
    assert row["fibre_length_px"] == pytest.approx(math.pi * 80, rel=0.03)
    assert row["curl"] == pytest.approx(math.pi / 2 - 1, abs=0.1)


def turned(inside, diameter):
    """Label image of an outline in 24 directions."""
    side, tiles = math.ceil(1.9 * diameter) + 6, []
    y, x = np.mgrid[:side, :side] - side / 2 + 0.3
    for number in range(24):
        a = 0.13 + number * math.pi / 24
        u, v = (x * math.cos(a) + y * math.sin(a)) / diameter, (y * math.cos(a) - x * math.sin(a)) / diameter
        tiles.append((number + 1) * inside(u, v))
    return np.block([tiles[i::4] for i in range(4)]).astype(int)


def polygon(corners):
    angles = 2 * np.pi * np.arange(corners) / corners
    return lambda u, v: np.all([u * math.cos(a) + v * math.sin(a) <= 0.5 for a in angles], axis=0)


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        (lambda u, v: np.hypot(u, v) <= 0.5, "round"),
        (lambda u, v: np.hypot(u / 1.4, v) <= 0.5, "round"),
        (lambda u, v: np.maximum(abs(u), abs(v)) <= 0.5, "block"),
        (lambda u, v: np.maximum(abs(u) / 1.4, abs(v)) <= 0.5, "block"),
        (polygon(3), "angular"),
        (polygon(6), "angular"),
        (lambda u, v: np.hypot(np.maximum(abs(u) - 0.5, 0), 2 * v) <= 0.5, "rod"),
        (lambda u, v: (np.hypot(u, v) <= 0.5) & (np.hypot(u - 0.3, v) > 0.3), "irregular"),
    ],
)
def test_outlines_are_called_what_they_look_like(inside, name):
    for diameter in (60,) if name == "angular" else (25, 60):
        found = measure_particles(turned(inside, diameter))["class"]
        assert (found == name).mean() > 0.9, (diameter, found.tolist())


def test_the_shape_of_a_few_pixels_is_not_classified():
    labels = np.zeros((30, 30), int)
    labels[3:6, 3:6], labels[10:25, 10:25] = 1, 2
    assert measure_particles(labels)["class"].tolist() == ["small", "block"]
    assert measure_particles(labels, rules=Rules(shape=ShapeRule(smallest_px=0)))["class"].tolist() == ["block"] * 2
