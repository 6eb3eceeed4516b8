import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kstest, norm

from particleforge.draws import LogNormal, fix
from particleforge.errors import UserError
from particleforge.recipes.render.geometry.cuboid import Cuboid
from particleforge.recipes.render.ground import Ground
from particleforge.recipes.render.placement.agglomerate import Agglomerate
from particleforge.recipes.render.placement.lattice import Lattice
from particleforge.recipes.render.placement.monolayer import Monolayer
from particleforge.recipes.render.placement.pile import Pile
from particleforge.recipes.render.placement.placement import Placement
from particleforge.recipes.render.placement.scattered import Scattered
from particleforge.recipes.render.population import Population
from particleforge.registry import Kinds

FLAT = np.zeros((160, 200), np.float32)
KINDS = list(Kinds(Placement).members().values())


def bodies(count, diameter=20, seed=0, **changes):
    population = Population(diameter_nm=diameter).replace(**changes)
    return population.draw(np.random.default_rng(seed), count, 1.0)


def put(placement, particles, ground=FLAT, seed=0):
    rng = np.random.default_rng(seed)
    return fix(placement, rng).place(particles, ground, rng)


def middles(placed):
    return np.array([body.mesh.centroid for body in placed])


def apart(placed):
    """Distances of the surfaces of spheres, over their mean diameter; below 0 they overlap."""
    radii = np.array([body.diameter_px / 2 for body in placed])
    gaps = pdist(middles(placed)) - pdist(radii[:, None], lambda a, b: float(a[0] + b[0]))
    return squareform(gaps) / (2 * radii.mean())


@pytest.mark.parametrize("cls", KINDS)
def test_every_particle_is_placed_on_the_ground_and_none_in_another(cls):
    particles = bodies(25, LogNormal(median=18, gsd=1.15))
    placed = put(cls(), particles)
    assert [body.diameter_px for body in placed] == [body.diameter_px for body in particles]
    between = apart(placed)[np.triu_indices(25, 1)]
    limit = 0.2 if cls is Agglomerate else 0.06  # sintering; a silhouette is exact to half a pixel
    assert between.min() > -limit
    assert min(body.mesh.vertices[:, 2].min() for body in placed) > -0.5
    again = put(cls(), particles)
    np.testing.assert_array_equal(middles(placed), middles(again))
    assert put(cls(), []) == []


def test_what_covers_another_lies_on_it():
    placed = put(Scattered(overlap=0.6, min_visible=0.3, clustering=0), bodies(60, 30))
    between = apart(placed)[np.triu_indices(60, 1)]
    assert between.min() > -0.06
    assert middles(placed)[:, 2].max() > 20


def test_particles_lie_in_the_hollows_of_rough_ground():
    ground = Ground(roughness_nm=5, bump_nm=60).heights((160, 200), 1.0, np.random.default_rng(0))
    assert ground.std() == pytest.approx(5, rel=0.4)
    for body in put(Scattered(cut_by_border=False), bodies(15), ground):
        image, window = body.silhouette.overlap(ground.shape)
        gap = (body.silhouette.bottom[window] - ground[image]).min()
        assert gap == pytest.approx(0, abs=1e-3)


def test_a_lattice_has_its_pitch_and_pattern():
    for pattern, neighbours in (("hexagonal", 6), ("square", 4)):
        placed = put(Lattice(pattern=pattern, spacing=1.2, jitter=0, vacancies=0), bodies(40))
        away = squareform(pdist(middles(placed)[:, :2]))
        np.fill_diagonal(away, np.inf)
        assert away.min(1) == pytest.approx(24, rel=0.02)
        assert (away < 24.8).sum(1).max() == neighbours
    with pytest.raises(UserError, match=r"100 particles do not fit into 160 x 200 px in this way: only \d\d did"):
        put(Lattice(spacing=1.2), bodies(100))


def test_a_monolayer_can_be_dense_but_not_too_dense():
    dense = put(Monolayer(), bodies(75, LogNormal(median=20, gsd=1.1)))
    assert apart(dense).min() > -0.02
    with pytest.raises(UserError, match=r"120 particles do not fit.*about \d\d would"):
        put(Monolayer(), bodies(120))


def test_a_pile_rests_in_its_box():
    placed = put(Pile(box=0.8), bodies(60, 30))
    x, y, z = middles(placed).T
    assert (np.abs(x - 100) < 80 - 14).all()
    assert (np.abs(y - 80) < 64 - 14).all()
    assert z.min() == pytest.approx(15, rel=0.05)
    assert z.max() > 40  # they do not fit beside each other
    floating = [i for i, row in enumerate(apart(placed)) if z[i] > 16 and np.sort(row)[1] > 0.03]
    assert not floating


def test_cuboids_come_to_lie_on_a_face():
    cubes = bodies(6, 30, geometries=(Cuboid(elongation=1.3, flatness=2, rounding=0.05),))
    for body in put(Pile(), cubes):
        sides = body.mesh.ferets[1] * np.array([1, 2, 2.6])
        assert np.abs(np.ptp(body.mesh.vertices[:, 2]) / sides - 1).min() < 0.03


def test_agglomerates_touch_as_closely_as_asked():
    for sintering in (0, 0.3):
        placed = put(Agglomerate(size=20, sintering=sintering), bodies(20, 10))
        away = squareform(pdist(middles(placed)))
        np.fill_diagonal(away, np.inf)
        assert away.min(1) == pytest.approx(10 * (1 - sintering), rel=0.01)
        assert {body.cluster for body in placed} == {1}


def test_diffusion_makes_looser_clusters_than_straight_flight():
    def radius(free_path):
        grown = [put(Agglomerate(size=60, free_path=free_path, sintering=0), bodies(60, 4), seed=s) for s in range(4)]
        return np.mean([middles(placed).std(0).sum() for placed in grown])

    assert radius(0.2) > 1.1 * radius(1000)


def test_clusters_have_their_sizes_and_necks_their_owners():
    placed = put(Agglomerate(size=6, neck=0.5, sintering=0.1), bodies(18, 12))
    assert sorted(np.unique([body.cluster for body in placed], return_counts=True)[1]) == [6, 6, 6]
    skin = next(body.skin for body in placed if body.cluster == 1)
    own = [body for body in placed if body.cluster == 1]
    assert skin.mesh.volume > 0.95 * len(own) * own[0].mesh.volume * 0.9
    for k, body in enumerate(own):
        corners = skin.mesh.vertices[skin.mesh.faces[skin.owners == k]].reshape(-1, 3)
        away = np.linalg.norm(corners - body.mesh.centroid, axis=1)
        assert np.median(away) == pytest.approx(6, rel=0.1)


def test_sizes_are_drawn_from_the_distribution():
    drawn = [body.diameter_px for body in bodies(400, LogNormal(median=20, gsd=1.3))]
    assert kstest(np.log(drawn), norm(np.log(20), np.log(1.3)).cdf).pvalue > 0.01
    for body in bodies(10, LogNormal(median=20, gsd=1.3)):
        assert (6 * body.mesh.volume / np.pi) ** (1 / 3) == pytest.approx(body.diameter_px)
