import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from skimage.draw import polygon

from particleforge.models.rods.geometry import RodArcs, arcs_of, none
from particleforge.recipes.shapes.outlines.rod import Rod


def rods(seed: int, count: int = 8) -> RodArcs:
    rng = np.random.default_rng(seed)
    half_widths = rng.uniform(2, 6, count)
    half_lengths = half_widths * rng.uniform(4, 12, count)
    bows = half_lengths * rng.uniform(-0.2, 0.2, count)
    return RodArcs(rng.uniform(80, 160, (count, 2)), half_lengths, rng.uniform(-3, 3, count), bows, half_widths)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_an_outline_gives_its_rod_back(seed: int) -> None:
    drawn = rods(seed)
    found = arcs_of(list(drawn.corners()))
    assert np.abs(found.middles - drawn.middles).max() < 0.7
    np.testing.assert_allclose(found.half_lengths, drawn.half_lengths, rtol=0.03)
    np.testing.assert_allclose(found.half_widths, drawn.half_widths, rtol=0.03)
    assert np.abs(np.sin(found.angles - drawn.angles)).max() < 0.02
    same_way = np.sign(np.cos(found.angles - drawn.angles))
    assert (np.abs(same_way * found.bows - drawn.bows) < 0.25 * drawn.half_widths).all()


def test_rods_that_recipes_draw_are_described_by_arcs() -> None:
    recipe = Rod(aspect="uniform(6, 20)", bend_deg="uniform(-45, 45)", squareness=0.5)
    drawn = recipe.draw(np.random.default_rng(0), 40) * 96 + 300
    for corners, described in zip(drawn, arcs_of(list(drawn)).corners(96), strict=True):
        one, other = np.zeros((600, 600), bool), np.zeros((600, 600), bool)
        one[polygon(*corners.T, one.shape)] = True
        other[polygon(*described.T, other.shape)] = True
        assert (one & other).sum() / (one | other).sum() > 0.96


@given(st.floats(1, 100), st.floats(-0.5, 0.5))
def test_lengths_are_those_of_parabolas(half: float, bend: float) -> None:
    bow = bend * half
    arc = RodArcs(np.zeros((1, 2)), np.array([half]), np.zeros(1), np.array([bow]), np.ones(1))
    length, _ = quad(lambda t: np.hypot(1, 2 * bow * t / half**2), -half, half)
    assert arc.lengths[0] == pytest.approx(length, rel=1e-6)
    assert arc.curls[0] == pytest.approx(length / (2 * half) - 1, abs=1e-6)


def test_resizing_moves_the_centre_of_the_first_pixel() -> None:
    twice = rods(3).resized(2)
    np.testing.assert_allclose(twice.middles, 2 * rods(3).middles + 0.5)
    np.testing.assert_allclose(twice.lengths, 2 * rods(3).lengths)


def test_no_rods() -> None:
    assert len(none()) == 0
    assert len(arcs_of([])) == 0
    assert none().corners().shape == (0, 48, 2)
