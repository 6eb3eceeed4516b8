import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from particleforge.draws import fix
from particleforge.recipes.shapes.outlines.crescent import Crescent
from particleforge.recipes.shapes.outlines.lumpy import Lumpy
from particleforge.recipes.shapes.outlines.outline import POINTS
from particleforge.recipes.shapes.outlines.polygon import Polygon
from particleforge.recipes.shapes.outlines.rod import Rod
from particleforge.recipes.shapes.outlines.superellipse import Superellipse
from particleforge.recipes.shapes.population import _ferets

KINDS = (Superellipse, Rod, Polygon, Lumpy, Crescent)


def drawn(outline, seed=0, count=5):
    return fix(outline, np.random.default_rng(seed)).draw(np.random.default_rng(seed), count)


def ferets(corners):
    """Of every hundredth of a degree."""
    angles = np.deg2rad(np.arange(0, 180, 0.01))
    widths = np.array([np.ptp(one @ np.stack([np.sin(angles), np.cos(angles)]), axis=0) for one in corners])
    return widths.max(1), widths.min(1)


@given(st.sampled_from(KINDS), st.integers(0, 2**32))
def test_feret_diameters_are_those_of_a_fine_search(kind, seed):
    corners = drawn(kind(), seed, count=2)
    longest, shortest = ferets(corners)
    np.testing.assert_allclose(_ferets(corners)[:, 0], longest, rtol=0.001)
    np.testing.assert_allclose(_ferets(corners)[:, 1], shortest, rtol=0.01)


@settings(max_examples=40)
@given(st.sampled_from(KINDS), st.integers(0, 2**32))
def test_every_outline_has_diameter_one_about_its_centre(kind, seed):
    corners = drawn(kind(), seed)
    assert corners.shape == (5, POINTS, 2)
    assert np.isfinite(corners).all()
    for one in corners:
        mask = polygon2mask((700, 700), one * 150 + 350)
        assert np.sqrt(4 * mask.sum() / np.pi) == pytest.approx(150, rel=0.01)
        np.testing.assert_allclose(np.argwhere(mask).mean(0), 350, atol=0.5)


@given(st.sampled_from(KINDS))
def test_no_particle_no_outline(kind):
    assert drawn(kind(), count=0).shape == (0, POINTS, 2)


@pytest.mark.parametrize("aspect", [1, 2.5, 8])
def test_ellipses_and_rods_are_as_long_as_asked_for(aspect):
    longest, shortest = ferets(drawn(Superellipse(aspect=aspect)))
    np.testing.assert_allclose(longest / shortest, aspect, rtol=0.01)
    longest, shortest = ferets(drawn(Rod(aspect=aspect, squareness=0)))
    np.testing.assert_allclose(longest / shortest, aspect, rtol=0.02)


def test_a_bent_rod_is_shorter_than_a_straight_one_and_as_wide():
    straight, bent = drawn(Rod(aspect=8, squareness=0)), drawn(Rod(aspect=8, squareness=0, bend_deg=90))
    assert (ferets(bent)[0] < 0.97 * ferets(straight)[0]).all()
    assert (ferets(bent)[1] > 1.5 * ferets(straight)[1]).all()


def test_a_regular_hexagon_and_a_disc():
    hexagon = drawn(Polygon(corners=6, irregularity=0, rounding=0, aspect=1))
    np.testing.assert_allclose(np.divide(*ferets(hexagon)), 2 / np.sqrt(3), rtol=0.01)
    disc = drawn(Superellipse(aspect=1))
    np.testing.assert_allclose(np.hypot(disc[..., 0], disc[..., 1]), 0.5, rtol=0.002)


def test_roughness_is_the_spread_of_the_radius():
    corners = drawn(Lumpy(roughness=0.1, decay=1, aspect=1), count=200)
    radii = np.hypot(corners[..., 0], corners[..., 1])
    assert np.sqrt(np.mean((radii / radii.mean(1, keepdims=True) - 1) ** 2)) == pytest.approx(0.1, rel=0.1)


def test_a_bite_goes_as_deep_as_asked_for():
    corners = drawn(Crescent(bite=0.5), count=20)
    solidity = []
    for one in corners:
        mask = polygon2mask((200, 200), one * 60 + 100)
        from skimage.morphology import convex_hull_image

        solidity.append(mask.sum() / convex_hull_image(mask).sum())
    assert max(solidity) < 0.9
