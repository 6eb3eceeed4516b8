import numpy as np
import pytest

from particleforge.draws import fix
from particleforge.recipes.render.geometry.cuboid import Cuboid
from particleforge.recipes.render.ground import Ground
from particleforge.recipes.render.looks.backscatter import Backscatter
from particleforge.recipes.render.looks.categorical import Categorical
from particleforge.recipes.render.looks.depth import Depth
from particleforge.recipes.render.looks.normals import Normals
from particleforge.recipes.render.looks.optical import Optical
from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.looks.transmission import Transmission
from particleforge.recipes.render.looks.xray import XRay
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import sphere
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.scene import Body, Scene

SHAPE = (60, 100)
SILICA = Material()
GOLD = Population.parse({"material": "gold"}).material
FLAT = np.zeros(SHAPE, np.float32)


def ball(x, material=SILICA, radius=18.0):
    return Body(sphere(4).scaled(radius).moved((x, 30, radius)), "sphere", material, 2 * radius)


def image(look, bodies, engine, ground=True, samples=32):
    scene = Scene(bodies, SHAPE, 2.0, Ground().mesh(FLAT) if ground else None, SILICA)
    fixed = fix(look, np.random.default_rng(0))
    view = engine.render(fixed.request(scene, samples, 1))
    return fixed.image(scene, view, np.random.default_rng(0)), view


def test_secondary_electrons_brighten_edges_and_darken_where_balls_meet_the_ground(engine):
    grey, _ = image(Secondary(edge=1, edge_limit=4, one_sided=0), [ball(30)], engine)
    middle, limb = grey[28:32, 28:32].mean(), grey[28:32, 46:48].mean()
    assert limb > 1.3 * middle
    assert grey[28:32, 50:52].mean() < 0.8 * grey[28:32, 95:].mean()
    flat = grey[:, 90:].mean()
    assert middle == pytest.approx(flat, rel=0.1)  # both look up and are silica


def test_the_side_of_the_detector_is_bright(engine):
    for angle, bright, dark in ((0, (30, 42), (30, 18)), (90, (42, 30), (18, 30))):
        grey, _ = image(Secondary(edge=0.5, one_sided=0.8, detector_deg=angle), [ball(30)], engine)
        side = [grey[y - 2 : y + 3, x - 2 : x + 3].mean() for y, x in (bright, dark)]
        assert side[0] > 1.3 * side[1]


def test_brightness_of_a_particle_scales_its_surface_only(engine):
    lit = [Body(one.mesh, "", SILICA, 36, factor) for one, factor in ((ball(25), 1.0), (ball(75), 0.5))]
    grey, _ = image(Secondary(edge=0, one_sided=0), lit, engine)
    assert grey[28:32, 73:77].mean() / grey[28:32, 23:27].mean() == pytest.approx(0.5, rel=0.05)


def test_backscatter_shows_heavy_elements(engine):
    grey, _ = image(Backscatter(), [ball(25), ball(75, GOLD)], engine)
    light, heavy = grey[28:32, 23:27].mean(), grey[28:32, 73:77].mean()
    assert heavy / light == pytest.approx(0.49 / 0.129, rel=0.1)  # Reuter's shares of gold and silica


def test_transmission_falls_exponentially_with_thickness(engine):
    plain = Transmission(diffraction=1, film=0, fringe=0)
    grey, view = image(plain, [ball(25), ball(40, GOLD)], engine, ground=False)
    assert view.radiance is None
    assert grey[5, 5] == 1
    assert grey[30, 20] == pytest.approx(np.exp(-2 * 2 * np.sqrt(18**2 - 4.5**2 - 0.5**2) / 137), rel=0.01)
    both = np.exp(-4 * (np.sqrt(18**2 - 7.5**2 - 0.5**2) / 137 + np.sqrt(18**2 - 7.5**2 - 0.5**2) / 12))
    assert grey[30, 32] == pytest.approx(both, rel=0.02)  # where they lie above each other
    dark, _ = image(plain.replace(field="dark"), [ball(25), ball(40, GOLD)], engine, ground=False)
    np.testing.assert_allclose(dark, 1 - grey, atol=1e-6)


def test_a_transparent_ball_is_a_lens(engine):
    ring = Optical(condenser_deg=25, defocus_px=0)
    bright, _ = image(ring, [ball(50)], engine, ground=False)
    assert bright[5, 5] == pytest.approx(1, abs=0.02)
    assert bright[28:32, 48:52].mean() > 0.8
    assert bright[28:32, 65:67].mean() < 0.1
    dark, _ = image(ring.replace(illumination="dark", condenser_deg=40), [ball(50)], engine, ground=False)
    assert dark[5, 5] < 1e-6
    assert dark[28:32, 48:52].mean() < 0.1
    assert dark[:, 60:68].max() > 0.5


def test_metal_is_seen_in_reflected_light(engine):
    plate = Cuboid(elongation=1, flatness=4, rounding=0.05).draw(np.random.default_rng(0), 4).scaled(25)
    body = Body(plate.moved((50, 30, 10)), "plate", GOLD, 25)
    grey, _ = image(Optical(illumination="reflected", defocus_px=0), [body], engine, ground=False)
    assert grey[28:32, 48:52].mean() > 0.3
    assert grey[5, 5] < 1e-6
    above, _ = image(Optical(illumination="bright", defocus_px=0), [body], engine, ground=False)
    assert above[28:32, 48:52].mean() < 0.05


def test_stylised_pictures_show_what_is_known(engine):
    pair = [ball(25), ball(75, GOLD)]
    grey, view = image(Categorical(grey=0.7), pair, engine)
    np.testing.assert_allclose(grey, np.where(view.labels, 0.7, 0), rtol=1e-6)
    depth, _ = image(Depth(), pair, engine)
    assert depth[30, 25] == pytest.approx(36, abs=0.2)
    assert depth[2, 2] == 0
    lit, _ = image(Normals(azimuth_deg=0, elevation_deg=45), pair, engine)
    assert lit[30, 37] == pytest.approx(1, abs=0.02)
    assert lit[2, 2] == pytest.approx(np.sqrt(0.5), abs=0.001)
    dense, _ = image(XRay(absorption=1), pair, engine)
    assert np.log(dense[30, 75]) / np.log(dense[30, 25]) == pytest.approx(GOLD.density_g_cm3 / SILICA.density_g_cm3)


def test_particles_of_a_cluster_with_necks_keep_their_own_labels(engine):
    from particleforge.recipes.render.placement.agglomerate import Agglomerate

    population = Population(diameter_nm=40)
    bodies = population.draw(np.random.default_rng(0), 5, 2.0)
    placed = fix(Agglomerate(size=5, neck=0.4, sintering=0.1), np.random.default_rng(0)).place(
        bodies, FLAT, np.random.default_rng(2)
    )
    _, view = image(Secondary(), placed, engine, samples=1)
    highest = max(range(5), key=lambda i: placed[i].mesh.centroid[2])
    x, y, _ = placed[highest].mesh.centroid
    assert view.labels[int(y), int(x)] == highest + 1
    for i, body in enumerate(placed):
        seen = view.position[view.labels == i + 1] - body.mesh.centroid
        assert np.median(np.linalg.norm(seen, axis=1)) == pytest.approx(10, rel=0.1)
