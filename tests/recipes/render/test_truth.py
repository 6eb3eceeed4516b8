import numpy as np
import pytest
from skimage.draw import polygon

from particleforge.recipes.render.looks.secondary import Secondary
from particleforge.recipes.render.material import Material
from particleforge.recipes.render.mesh import sphere
from particleforge.recipes.render.scene import Body, Scene
from particleforge.recipes.render.truth import outlines, truth_table
from particleforge.store.rle import from_text, pixels_of

SHAPE = (200, 260)
LOOK = Secondary(edge=1, edge_limit=4, one_sided=0, detector_deg=0)


def ball(x, y, z, radius):
    return Body(sphere(4).normalised().scaled(2 * radius).moved((x, y, z)), "sphere", Material(), 2 * radius)


def truth_of(bodies, engine):
    scene = Scene(bodies, SHAPE, 3.0, None, Material())
    view = engine.render(LOOK.request(scene, 1, 0))
    return view, truth_table(scene, view)


def lens(apart, one, other):
    """Area common to two circles."""
    halves = [(apart**2 + a**2 - b**2) / (2 * apart) for a, b in ((one, other), (other, one))]
    return sum(r**2 * np.arccos(h / r) - h * np.sqrt(r**2 - h**2) for r, h in zip((one, other), halves, strict=True))


@pytest.fixture(scope="module")
def pair(engine):
    """A sphere of radius 50 at height 100 over one of radius 70 at height 0, 80 px beside it."""
    return truth_of([ball(170.3, 99.6, 100, 50), ball(90.3, 99.6, 0, 70)], engine)


def test_areas_of_two_spheres_are_those_of_circles(pair):
    view, truth = pair
    common, areas = lens(80, 50, 70), np.pi * np.array([50, 70]) ** 2
    seen = np.bincount(view.labels.ravel())[1:]
    np.testing.assert_allclose(seen, [areas[0], areas[1] - common], rtol=0.01)
    np.testing.assert_allclose(truth["visible_fraction"], [1, 1 - common / areas[1]], rtol=0.01)
    amodal = [len(pixels_of(from_text(text))) for text in truth["amodal_rle"]]
    np.testing.assert_allclose(amodal, areas, rtol=0.01)


def test_labels_are_the_projection_within_a_pixel(pair):
    view, _ = pair
    y, x = np.indices(SHAPE) + 0.5
    away = [np.hypot(x - cx, y - 99.6) - r for cx, r in ((170.3, 50), (90.3, 70))]
    expected = np.where(away[0] < 0, 1, np.where(away[1] < 0, 2, 0))
    near_an_edge = np.minimum(np.abs(away[0]), np.abs(away[1])) < 0.5
    np.testing.assert_array_equal(view.labels[~near_an_edge], expected[~near_an_edge])


def test_what_is_seen_lies_on_the_spheres(pair):
    view, _ = pair
    inside = view.labels == 1
    from_middle = view.position[inside] - [170.3, 99.6, 100]
    np.testing.assert_allclose(np.linalg.norm(from_middle, axis=-1), 50, atol=0.1)
    np.testing.assert_allclose(view.normal[inside], from_middle / 50, atol=0.02)
    np.testing.assert_array_equal(view.depth[inside], view.position[inside][:, 2])
    assert np.isnan(view.position[view.labels == 0]).all()


def test_the_table_has_places_sizes_and_order(pair):
    _, truth = pair
    assert truth["rank"].tolist() == [1, 2]
    np.testing.assert_allclose(truth["x_px"], [169.8, 89.8], atol=0.01)
    np.testing.assert_allclose(truth["z_nm"], [300, 0], atol=0.01)
    np.testing.assert_allclose(truth["diameter_nm"], [300, 420])
    np.testing.assert_allclose(truth["feret_min_nm"], [300, 420], rtol=0.01)


def test_amodal_masks_are_what_is_seen_alone(engine):
    bodies = [ball(60.2, 70.7, 20, 33), ball(90, 80, 0, 25), ball(-5, 190, 0, 30)]
    _, truth = truth_of(bodies, engine)
    for i, body in enumerate(bodies):
        alone, _ = truth_of([body], engine)
        mask = np.zeros(SHAPE, bool)
        mask.T.flat[pixels_of(from_text(truth["amodal_rle"][i]))] = True
        assert (mask != (alone.labels == 1)).sum() <= 2  # pixels whose middle lies on the edge
    cut = np.bincount(alone.labels.ravel())[1] / (np.pi * 30**2)
    assert truth["visible_fraction"][2] == pytest.approx(cut, rel=0.01)


def test_a_body_out_of_the_image_is_not_seen(engine):
    view, truth = truth_of([ball(100, 100, 0, 20), ball(-50, 50, 0, 20)], engine)
    assert set(np.unique(view.labels)) == {0, 1}
    assert truth["visible_fraction"].tolist() == [1, 0]
    assert len(pixels_of(from_text(truth["amodal_rle"][1]))) == 0


def test_outlines_are_those_of_the_whole_particles(engine):
    scene = Scene(
        [ball(170.3, 99.6, 100, 50), ball(130.3, 99.6, 0, 40), ball(5, 5, 0, 20)], SHAPE, 3.0, None, Material()
    )
    table = truth_table(scene, engine.render(LOOK.request(scene, 1, 0)))
    for one, amodal in zip(outlines(scene, table["visible_fraction"]), table["amodal_rle"], strict=True):
        mask = np.zeros(SHAPE, bool)
        mask[polygon(*one.points_px.T, SHAPE)] = True
        np.testing.assert_array_equal(np.flatnonzero(mask.T), pixels_of(from_text(amodal)))
        assert one.visible_fraction == table["visible_fraction"][one.label - 1]
