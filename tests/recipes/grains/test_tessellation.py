import numpy as np
import pytest
from scipy import ndimage

from particleforge.recipes.grains.cells import Sizes, draw_cells
from particleforge.recipes.grains.edges.splines import Splines, edges
from particleforge.recipes.grains.edges.wavy import Wavy
from particleforge.recipes.grains.tessellation import _moments, tessellate

STRAIGHT = Wavy(amplitude=0)
SHAPE = 120, 150
AREAS = np.exp(np.random.default_rng(5).standard_normal(60))


def powers(tessellation, y, x):
    """(sites, points) power distances, computed from all sites."""
    sites, weights = tessellation.net.sites, tessellation.net.weights
    return (sites[:, :1] - y) ** 2 + (sites[:, 1:] - x) ** 2 - weights[:, None]


@pytest.mark.parametrize("gsd", [1.1, 1.3, 1.5])
def test_sizes_are_those_wanted(gsd):
    wanted = np.exp(2 * np.log(gsd) * np.random.default_rng(1).standard_normal(300))
    found = _moments(tessellate(wanted, (300.0, 300.0), 20, np.random.default_rng(2)), 300)[:, 0]
    got, asked = (np.exp(np.log(areas[areas > 0]).std() / 2) for areas in (found, wanted))
    assert got == pytest.approx(asked, rel=0.06)
    assert found.sum() == pytest.approx(300 * 300)
    assert np.corrcoef(found, wanted)[0, 1] > 0.85


@pytest.mark.parametrize("gsd", [1.0, 1.5])
@pytest.mark.parametrize("elongation", [1.0, 2.5])
def test_cells_and_distances_are_those_of_all_sites_compared(gsd, elongation, monkeypatch):
    made = []
    monkeypatch.setattr(
        "particleforge.recipes.grains.cells.tessellate", lambda *args: made.append(tessellate(*args)) or made[-1]
    )
    cells = draw_cells(SHAPE, Sizes(14, gsd, elongation), 10, STRAIGHT, np.random.default_rng(3))
    y, x = (place.ravel().astype(float) for place in cells.places)
    power = powers(made[0], y, x)
    np.testing.assert_array_equal(cells.own.ravel(), power.argmin(0))
    normal = cells.sites[cells.own.ravel()] - cells.sites[:, None]
    stretch = np.sqrt(elongation)
    along = np.hypot(normal[..., 0] * stretch, normal[..., 1] / stretch)
    with np.errstate(invalid="ignore"):
        away = np.where(along > 0, (power - power.min(0)) / (2 * along), np.inf).min(0)
    close = away < 3
    np.testing.assert_allclose(cells.away.ravel()[close], away[close], atol=0.02)


@pytest.mark.parametrize("course", [Wavy(amplitude=0.08, wave=0.6), Splines(amplitude=0.15)])
def test_distances_to_bent_boundaries_are_those_in_the_image(course):
    cells = draw_cells(SHAPE, Sizes(25, 1.3, 1.5), 20, course, np.random.default_rng(4))
    edge = np.zeros(SHAPE, bool)
    edge[:, 1:] |= cells.own[:, 1:] != cells.own[:, :-1]
    edge[1:] |= cells.own[1:] != cells.own[:-1]
    exact = ndimage.distance_transform_edt(~edge)
    inner = np.s_[5:-5, 5:-5]
    near = exact[inner] < 4
    error = (cells.away[inner] - exact[inner])[near]
    assert np.abs(np.median(error)) < 0.5
    assert np.quantile(np.abs(error), 0.95) < 1.3


def test_edges_lie_between_the_two_cells_nearest_to_them():
    tessellation = tessellate(
        np.exp(np.random.default_rng(5).standard_normal(60)), (90.0, 90.0), 10, np.random.default_rng(6)
    )
    pairs, start, end = edges(tessellation)
    middle = (start + end) / 2
    inside = ((middle > 0) & (middle < 90)).all(1)
    power = powers(tessellation, *middle[inside].T)
    nearest = np.sort(np.argsort(power, 0)[:2].T, 1)
    np.testing.assert_array_equal(nearest, np.sort(pairs[inside], 1))
    corners = powers(tessellation, *start[inside].T)
    three = np.sort(corners, 0)[:3]
    np.testing.assert_allclose(three, three[:1].repeat(3, 0), atol=1e-6)


def test_straight_splines_are_straight():
    one = draw_cells(SHAPE, Sizes(20, 1.4, 1), 10, STRAIGHT, np.random.default_rng(7))
    two = draw_cells(SHAPE, Sizes(20, 1.4, 1), 10, Splines(amplitude=0), np.random.default_rng(7))
    np.testing.assert_array_equal(one.own, two.own)
    np.testing.assert_allclose(one.away, two.away, atol=1e-4)
