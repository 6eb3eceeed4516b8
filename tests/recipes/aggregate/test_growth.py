import time

import numpy as np
import pytest
from scipy.stats import ks_2samp

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.recipes.aggregate.growth import _kernels as kernels
from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.growth.paper import Paper
from particleforge.recipes.aggregate.material import Material

TITANIA = Material(density_g_cm3=4.0)
TUNGSTEN = Material(name="WO3", formula="WO3", density_g_cm3=7.16, radius_nm=6.3, gsd=1.31)
THIRD = Material(name="C", formula="C", density_g_cm3=2, radius_nm=4, gsd=1)


def grow(growth, materials=(TITANIA, TUNGSTEN), seed=0):
    return growth.grow(materials, np.random.default_rng(seed))


def check(spheres, growth, materials):
    """Everything an aggregate has to be, by brute force."""
    count = len(spheres)
    assert count == round(growth.particles)
    apart = np.linalg.norm(spheres.positions_nm[:, None] - spheres.positions_nm, axis=-1)
    relative = apart / (spheres.radii_nm[:, None] + spheres.radii_nm)
    np.fill_diagonal(relative, np.inf)
    nearest = 1 - growth.overlap
    assert relative.min(initial=np.inf) > nearest * (1 - 1e-9)
    touching = relative < nearest * growth.contact_factor * (1 + 1e-9)
    reached, todo = {0}, [0]
    while todo:
        new = set(np.flatnonzero(touching[todo.pop()])) - reached
        reached |= new
        todo += new
    assert len(reached) == count
    sizes = np.bincount(spheres.clusters)
    firsts = np.append(0, np.cumsum(sizes)[:-1])
    assert (np.diff(spheres.clusters) >= 0).all()
    assert (spheres.materials == spheres.materials[firsts][spheres.clusters]).all()
    wanted = np.array([round(one.cluster_size) for one in materials])[spheres.materials[firsts]]
    assert (sizes[:-1] == wanted[:-1]).all()
    assert sizes[-1] <= wanted[-1]
    if count > 2:
        mass = np.array([one.density_g_cm3 for one in materials])[spheres.materials] * spheres.radii_nm**3
        centre = mass @ spheres.positions_nm / mass.sum()
        squares = ((spheres.positions_nm - centre) ** 2).sum(1) + growth.self_term * spheres.radii_nm**2
        gyration = np.sqrt(mass @ squares / mass.sum()) / spheres.radii_nm.mean()
        dimension = np.log(count / growth.prefactor) / np.log(gyration)
        assert dimension - growth.fractal_dimension == pytest.approx(spheres.df_error, abs=1e-9)


@pytest.mark.slow
def test_ten_thousand_random_aggregates_are_what_was_asked_for():
    errors, rng = [], np.random.default_rng(5)
    for seed in range(10_000):
        kind = (Exact, Paper)[seed % 2]
        overlap, factor = float(rng.choice([0, 0, 0.2])), float(rng.choice([1.005, 1.1]))
        growth = fix(kind(particles=int(rng.integers(30, 60)), overlap=overlap, contact_factor=factor), rng)
        kinds = (TITANIA, TUNGSTEN, THIRD)[: rng.integers(1, 4)]
        materials = tuple(one.replace(cluster_size=int(rng.integers(1, 7))) for one in kinds)
        spheres = grow(growth, materials, seed)
        check(spheres, growth, materials)
        if kind is Exact:
            errors.append(abs(spheres.df_error))
    assert max(errors) < 1e-3
    assert np.mean(np.array(errors) < 1e-6) > 0.99


@pytest.mark.parametrize("kind", [Paper, Exact])
def test_a_seed_gives_an_aggregate(kind):
    growth = kind(particles=40, fractal_dimension=1.9)
    one, again, other = grow(growth, seed=1), grow(growth, seed=1), grow(growth, seed=2)
    np.testing.assert_array_equal(one.positions_nm, again.positions_nm)
    assert (one.positions_nm != other.positions_nm).any()


@pytest.mark.parametrize("dimension", [1.5, 2.0, 2.5])
def test_radius_of_gyration_grows_by_the_power_law(dimension):
    counts, radii = [], []
    for count in (20, 50, 100, 200, 500):
        for seed in range(4):
            spheres = grow(Exact(particles=count, fractal_dimension=dimension), (THIRD,), seed)
            squares = ((spheres.positions_nm - spheres.positions_nm.mean(0)) ** 2).sum(1)
            counts.append(count)
            radii.append(np.sqrt(squares.mean() + 0.6 * 16))
    slope = np.polyfit(np.log(radii), np.log(counts), 1)[0]
    assert slope == pytest.approx(dimension, rel=0.01)


def test_paper_mode_has_the_right_dimension_in_the_mean():
    errors = [grow(Paper(particles=100, fractal_dimension=1.8), seed=seed).df_error for seed in range(60)]
    assert abs(np.mean(errors)) < 0.02
    assert 0.005 < np.std(errors) < 0.06


def test_places_are_as_uniform_as_by_rejection():
    rng = np.random.default_rng(3)
    positions = np.array([[0, 0, 0], [2.1, 0, 0], [2.5, 2, 0], [0, 0.2, 0], [0, 0.3, 2.2]], float)
    positions[:3] -= positions[:3].mean(0)
    positions[3:] -= positions[3:].mean(0)
    radii, contact, away = np.array([1, 1.1, 0.9, 1.2, 1.0]), (1.0, 1.3), 3.2
    table = np.empty(6)
    ours = []
    while len(ours) < 4000:
        found, *shift, _ = kernels.place(positions, radii, (0, 3, 5), contact, away, 100, rng, table)
        assert found
        ours.append(shift)
    units = rng.standard_normal((200_000, 3))
    shifts = away * units / np.linalg.norm(units, axis=1, keepdims=True)
    between = positions[3:][None, :, None] + shifts[:, None, None] - positions[:3]
    relative = np.linalg.norm(between, axis=-1) / (radii[3:, None] + radii[:3])
    allowed = (relative >= contact[0]).all((1, 2)) & (relative <= contact[1]).any((1, 2))
    several = (relative[allowed] <= contact[1]).sum((1, 2))
    assert (several > 1).mean() > 0.1  # the correction for several contacts matters here
    for axis in range(3):
        assert ks_2samp(np.array(ours)[:, axis], shifts[allowed][:, axis]).pvalue > 1e-3


def test_mixing_follows_the_shares_whatever_the_cluster_sizes():
    materials = (TUNGSTEN.replace(cluster_size=5), TITANIA.replace(share=0.3, cluster_size=2), THIRD.replace(share=0.1))
    growth = Paper(particles=300, fractal_dimension=1.8)
    kinds = np.concatenate([grow(growth, materials, seed).materials for seed in range(20)])
    np.testing.assert_allclose(np.bincount(kinds) / len(kinds), [0.6, 0.3, 0.1], atol=0.05)


def test_equal_spheres_and_very_small_numbers():
    assert (grow(Paper(particles=30, fractal_dimension=2), (THIRD,)).radii_nm == 4).all()
    single = grow(Exact(particles=1, fractal_dimension=2))
    assert len(single) == 1
    assert np.isnan(single.df_error)
    pair = grow(Paper(particles=2, fractal_dimension=2))
    assert np.linalg.norm(np.diff(pair.positions_nm, axis=0)) == pytest.approx(pair.radii_nm.sum(), rel=0.006)


@pytest.mark.parametrize(
    "growth",
    [
        Exact(particles=2, fractal_dimension=1.8),
        Exact(particles=60, fractal_dimension=3, prefactor=3),
        Exact(particles=60, fractal_dimension=1, prefactor=0.3),
    ],
)
def test_what_cannot_be_is_refused_with_what_can_be(growth):
    began = time.process_time()
    with pytest.raises(UserError, match=r"they can have D_f from about \d\.\d\d to \d\.\d\d"):
        grow(growth)
    assert time.process_time() - began < 20


def test_bad_input_is_refused():
    with pytest.raises(UserError, match="particles = 0"):
        Exact.parse({"particles": 0})
    with pytest.raises(UserError, match="shares of all materials are 0"):
        grow(Paper(particles=5, fractal_dimension=2), (TITANIA.replace(share=0),))
