import numpy as np
import pytest

from particleforge.recipes.aggregate.descriptors import (
    components,
    contact_pairs,
    describe,
    pair_correlation,
    projected_area_nm2,
    radius_of_gyration_nm,
)
from particleforge.recipes.aggregate.growth.paper import Paper
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Spheres


def chain(kinds, radius=2.0):
    count = len(kinds)
    positions = np.zeros((count, 3))
    positions[:, 0] = 2 * radius * np.arange(count)
    return Spheres(positions, np.full(count, radius), np.array(kinds), np.arange(count), 0.0)


def test_a_straight_chain_has_its_closed_forms():
    row = describe(chain([0, 0, 1, 1, 1, 0]), ("a", "b"))
    assert row["particles"] == 6
    assert row["coordination"] == pytest.approx(2 * 5 / 6)
    assert row["hetero_coordination"] == pytest.approx(2 * 2 / 6)
    assert row["share_a"] == pytest.approx(0.5)
    assert row["cluster_size_a"] == pytest.approx(1.5)
    assert row["cluster_size_b"] == pytest.approx(3)
    assert row["radius_of_gyration_nm"] == pytest.approx(2 * np.sqrt((6**2 - 1) / 3 + 0.6))


def test_heavy_spheres_draw_the_centre_of_mass():
    pair = chain([0, 1])
    even, uneven = radius_of_gyration_nm(pair, self_term=0), radius_of_gyration_nm(pair, (1.0, 3.0), self_term=0)
    assert even == pytest.approx(2)
    assert uneven == pytest.approx(np.sqrt(0.25 * 3**2 + 0.75 * 1**2))


def test_a_material_that_is_not_there_has_no_clusters():
    row = describe(chain([0, 0]), ("a", "b"))
    assert row["share_b"] == 0
    assert np.isnan(row["cluster_size_b"])


def test_a_single_sphere_touches_nothing():
    row = describe(chain([0]), ("a",))
    assert row["coordination"] == row["hetero_coordination"] == 0
    assert row["cluster_size_a"] == 1


def test_contacts_and_parts_are_those_of_brute_force():
    spheres = Paper(particles=80, fractal_dimension=2.4).grow((Material(), Material()), np.random.default_rng(0))
    apart = np.linalg.norm(spheres.positions_nm[:, None] - spheres.positions_nm, axis=-1)
    near = np.triu(apart <= 1.005 * (spheres.radii_nm[:, None] + spheres.radii_nm), 1)
    pairs = contact_pairs(spheres)
    assert {tuple(sorted(pair)) for pair in pairs.tolist()} == set(map(tuple, np.argwhere(near).tolist()))
    assert components(pairs, 80)[0] == 1
    assert components(pairs[:0], 80)[0] == 80


def test_projected_area_is_that_of_discs():
    row = chain([0] * 4)
    assert projected_area_nm2(row) == pytest.approx(4 * np.pi * 4, rel=0.01)
    assert projected_area_nm2(row, (1, 0, 0)) == pytest.approx(np.pi * 4, rel=0.01)


def test_pair_correlation_counts_neighbours_by_volume():
    edges = np.array([1.0, 3.0, 5.0])
    density = pair_correlation(chain([0] * 5), edges)
    assert density[0] == 0
    assert density[1] == pytest.approx(2 * 4 / 5 / (4 / 3 * np.pi * (5**3 - 3**3)))
