"""Tessellations whose mean area and mean intercept are known, and micrographs drawn by the recipe."""

import json
import math

import numpy as np
import pytest

import particleforge as pf
from particleforge.errors import UserError
from particleforge.measurement.grain_size.grain_size import (
    grain_remarks,
    grain_size,
    iso_643,
    number_of_density,
    number_of_intercept,
    of_fields,
)
from particleforge.measurement.grain_size.parts import ratio
from particleforge.measurement.grain_size.planimetric import count_grains
from particleforge.recipes.grains.cells import Sizes, draw_cells
from particleforge.recipes.grains.edges.wavy import Wavy
from particleforge.workflows.sizes import SizesParams

SHAPE = 300, 340
MICRON = 1000.0
"""Side of a pixel in nm."""


def nearest(points, shape=SHAPE):
    """Labels of the cells around points, from all distances."""
    from scipy.spatial import KDTree

    y, x = np.indices(shape).reshape(2, -1)
    return (KDTree(points).query(np.column_stack([y, x]))[1] + 1).reshape(shape)


def honeycomb(apart, rng):
    """Hexagons whose centres are `apart`, turned and moved at random."""
    a, b = np.mgrid[-60:60, -60:60].reshape(2, -1) * apart
    angle = rng.uniform(0, np.pi)
    y, x = a * math.sqrt(3) / 2, b + a / 2
    turned = np.column_stack([y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)])
    return nearest(turned + rng.uniform(100, 200, 2))


def at_random(density, rng):
    """Poisson-Voronoi cells."""
    side = 60
    size = np.array(SHAPE) + 2 * side
    return nearest(rng.random((rng.poisson(density * size.prod()), 2)) * size - side)


@pytest.mark.parametrize(
    ("per_mm2", "g"), [(15.5, 1), (31, 2), (7.75, 0), (15.5 * 2**9, 10)], ids=["1", "2", "0", "10"]
)
def test_numbers_are_those_of_the_standards(per_mm2, g):
    assert number_of_density(per_mm2) == pytest.approx(g, abs=1e-4)
    assert number_of_density(per_mm2) == pytest.approx(3.321928 * math.log10(per_mm2) - 2.954, abs=5e-4)
    assert iso_643(per_mm2) == pytest.approx(3.3219 * math.log10(per_mm2) - 3, abs=5e-4)


@pytest.mark.parametrize("mean_mm", [0.32, 0.0141, 0.00331])
def test_numbers_of_intercepts_are_those_of_the_standard(mean_mm):
    assert number_of_intercept(mean_mm) == pytest.approx(-6.643856 * math.log10(mean_mm) - 3.288, abs=5e-4)


@pytest.mark.parametrize("apart", [14.0, 25.0])
def test_a_honeycomb_has_its_area_and_intercept(apart):
    """Mean intercept of convex cells: pi times area over perimeter; a circle on one lattice may be 18 % off."""
    turned = [grain_size(honeycomb(apart, np.random.default_rng(seed)), MICRON) for seed in range(12)]
    area = math.sqrt(3) / 2 * apart**2
    intercept = math.pi * area / (2 * math.sqrt(3) * apart)

    def mean(method, key):
        return np.mean([found[method][key] for found in turned])

    assert mean("planimetric", "mean_area_um2") == pytest.approx(area, rel=0.015)
    assert mean("intercept", "mean_intercept_um") == pytest.approx(intercept, rel=0.025)
    assert mean("circles", "mean_intercept_um") == pytest.approx(intercept, rel=0.025)


def test_cells_of_random_points_have_their_area_and_intercept():
    """Mean area 1 / density, mean intercept pi / 4 over the root of the density (Poisson-Voronoi)."""
    density = 1 / 260
    fields = [grain_size(at_random(density, np.random.default_rng(i)), MICRON) for i in range(8)]
    found = of_fields(fields)
    assert found["planimetric"]["mean_area_um2"] == pytest.approx(1 / density, rel=0.03)
    for method in ("intercept", "circles"):
        assert found[method]["mean_intercept_um"] == pytest.approx(math.pi / 4 / math.sqrt(density), rel=0.03)
    for method in ("planimetric", "intercept", "circles"):
        assert found[method]["low"] < found[method]["G"] < found[method]["high"]


def test_boundaries_without_labels_change_nothing_but_by_their_corners():
    labels = honeycomb(25.0, np.random.default_rng(2))
    inner = labels[1:-1, 1:-1]
    edge = np.zeros(labels.shape, bool)
    edge[1:-1, 1:-1] = (inner != labels[2:, 1:-1]) | (inner != labels[1:-1, 2:])
    drawn = grain_size(np.where(edge, 0, labels), MICRON)
    whole = grain_size(labels, MICRON)
    assert drawn["planimetric"]["G"] == pytest.approx(whole["planimetric"]["G"], abs=0.01)
    assert drawn["intercept"]["G"] == pytest.approx(whole["intercept"]["G"], abs=0.03)


def test_the_counting_rules():
    labels = np.zeros((40, 40), int)
    labels[:20, :20], labels[:20, 20:], labels[20:, :20], labels[20:, 20:] = 1, 2, 3, 4
    labels[10:30, 10:30] = 5
    labels[0:5, 15:25] = 6
    found = count_grains(labels)
    assert (found.inside, found.cut, found.corners) == (1, 1, 4)
    assert found.grains == 2.5
    np.testing.assert_allclose(found.parts.sum(0), (2.5, 1600))


def test_lines_of_each_direction_measure_elongated_grains():
    cells = draw_cells((256, 256), Sizes(20, 1.2, 2.5), 20, Wavy(amplitude=0, wave=1), np.random.default_rng(3))
    along = grain_size(cells.own + 1, MICRON)["intercept"]["by_direction_um"]
    assert along["0"] / along["90"] == pytest.approx(2.5, rel=0.12)
    assert along["45"] == pytest.approx(along["135"], rel=0.12)


@pytest.mark.slow
@pytest.mark.parametrize(("diameter", "gsd"), [(14, 1.2), (18, 1.5)])
def test_intervals_hold_the_truth_of_drawn_micrographs(diameter, gsd):
    sizes, held, g = Sizes(diameter, gsd, 1), [], []
    truth = number_of_density(1e6 / sizes.mean_area)
    for i in range(60):
        cells = draw_cells((200, 200), sizes, 15, Wavy(amplitude=0.03, wave=0.7), np.random.default_rng(i))
        found = grain_size(np.where(cells.away < 0.8, 0, cells.own + 1), MICRON)["planimetric"]
        held.append(found["low"] <= truth <= found["high"])
        g.append(found["G"])
    assert np.mean(g) == pytest.approx(truth, abs=0.05)
    assert np.mean(held) >= 0.85


def test_intervals_of_ratios_hold_the_ratio():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(500):
        extents = rng.uniform(50, 150, 9)
        found = ratio(rng.poisson(0.3 * extents).astype(float), extents)
        held += found.low <= 0.3 <= found.high
    assert held / 500 == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("labels", "size", "message"),
    [
        (np.kron([[1, 2], [3, 4]], np.ones((9, 9), int)), None, "pixel size is unknown"),
        (np.ones((20, 20), int), MICRON, "there is one grain"),
        (np.zeros((20, 20), int), MICRON, "there are no grains"),
        (np.pad(np.kron([[1, 2]], np.ones((9, 9), int)), 20), MICRON, "hold no grain"),
    ],
)
def test_what_has_no_grain_size_is_refused(labels, size, message):
    with pytest.raises(UserError, match=message):
        grain_size(labels, size, "steel")


def test_missing_grains_are_remarked_on():
    labels = honeycomb(25.0, np.random.default_rng(5))
    assert grain_remarks(grain_size(labels, MICRON)) == []
    gone = np.isin(labels, np.unique(labels)[::6])
    assert "grains are missing" in grain_remarks(grain_size(np.where(gone, 0, labels), MICRON))[0]


def test_shares_of_phases_hold_their_interval():
    labels = honeycomb(14.0, np.random.default_rng(6))
    classes = {int(label): "ferrite" if label % 3 else "pearlite" for label in np.unique(labels)}
    pearlite = grain_size(labels, MICRON, classes=classes)["phases"]["pearlite"]
    assert pearlite["low"] < pearlite["share"] < pearlite["high"]
    assert pearlite["share"] == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.slow
def test_sizes_reports_the_grain_size(tmp_path, capsys):
    labels = [honeycomb(25.0, np.random.default_rng(i)).astype(np.uint16) for i in range(2)]
    for one in labels:
        one[150:152] = 0
    params = SizesParams(grain_size=True, pixel_size="0.5 um", reports=True)
    found = pf.sizes(labels, tmp_path / "out", params).summary
    one = grain_size(labels[0], 500.0)
    assert found["images"]["image_00000"]["grain_size"] == json.loads(json.dumps(one))
    assert found["pooled"]["grain_size"]["planimetric"]["grains"] == pytest.approx(
        one["planimetric"]["grains"] * 2, rel=0.1
    )
    assert "Grain size, ASTM E112" in (tmp_path / "out" / "report.html").read_text()
    with pytest.raises(UserError, match="pixel size is unknown"):
        pf.sizes(labels, tmp_path / "bare", params.replace(pixel_size=None))
