import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.outline import outline_of
from particleforge.recipes.cutpaste.cutouts import Cutout, soft_edge
from particleforge.recipes.cutpaste.turned import turn
from particleforge.recipes.placement import Crowding, Scene


def ring_and_disc():
    """A disc and a C-shaped particle whose box is mostly empty."""
    rows, columns = np.indices((25, 25)) - 12
    disc = np.hypot(rows, columns) <= 6
    arc = (np.abs(np.hypot(rows, columns) - 10) <= 2) & ~((columns > 0) & (np.abs(rows) < 4))
    return [cutout_of(mask) for mask in (disc, arc)]


def cutout_of(mask):
    alpha = soft_edge(np.pad(mask, 3), 0.7)
    return Cutout(alpha, alpha, outline_of(alpha >= 0.5), "one", "one#1", 0.0, 1.0, 1.0, 1.0, None)


def filled(crowding, seed, count=40, shape=(140, 150)):
    rng = np.random.default_rng(seed)
    cutouts = ring_and_disc()
    scene = Scene(np.zeros(shape, np.float32), count, crowding)
    placed = []
    for _ in range(count):
        particle = turn(cutouts[rng.integers(2)], rng.uniform(0.6, 1.2), rng.uniform(0, 360), bool(rng.integers(2)))
        place = scene.place(particle, rng)
        if place is None:
            break
        scene.paste(particle, place, (1.0, 0.0))
        placed.append(particle)
    return scene, placed


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_without_overlap_every_pixel_has_one_owner(seed, clustering):
    scene, placed = filled(Crowding(0.35, 0.0, False, clustering), seed)
    areas = [particle.area_px for particle in placed]
    assert np.bincount(scene.labels.ravel())[1:].tolist() == areas
    assert scene.visible[1 : len(placed) + 1].tolist() == areas
    assert len(placed) >= 20


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0.05, 0.95), st.booleans(), st.floats(0.1, 1))
def test_with_overlap_enough_of_everything_stays_visible(seed, overlap, cut_by_border, min_visible):
    scene, placed = filled(Crowding(min_visible, overlap, cut_by_border, 0.3), seed)
    visible = np.bincount(scene.labels.ravel(), minlength=len(placed) + 1)[1:]
    assert scene.visible[1 : len(placed) + 1].tolist() == visible.tolist()
    full = np.array([particle.area_px for particle in placed])
    assert (visible >= np.floor(min_visible * full)).all()
    if not cut_by_border:
        assert (visible >= np.floor((1 - overlap) * full)).all()
    assert len(placed) >= 15


def test_overlap_is_used():
    scene, placed = filled(Crowding(0.2, 0.6, False, 0.0), 3, count=150)
    assert sum(particle.area_px for particle in placed) > 1.1 * (scene.labels > 0).sum()


def test_particles_lie_inside_unless_they_may_be_cut():
    inside, _ = filled(Crowding(0.35, 0.0, False, 0.0), 1, 60, (120, 120))
    rim = np.concatenate([inside.labels[[0, -1]].ravel(), inside.labels[:, [0, -1]].ravel()])
    assert not rim.any()
    cut, placed = filled(Crowding(0.35, 0.0, True, 0.0), 1, 60, (120, 120))
    whole = np.bincount(cut.labels.ravel(), minlength=len(placed) + 1)[1:] == [p.area_px for p in placed]
    assert 0 < (~whole).sum() < len(whole)


def test_the_last_free_place_is_found():
    labels = np.ones((100, 120), np.uint32)
    labels[40:55, 60:75] = 0
    disc = turn(ring_and_disc()[0], 1.0, 0.0, False)
    for border in (True, False):
        scene = Scene(np.zeros((100, 120), np.float32), 2, Crowding(1.0, 0.0, border, 0.0))
        scene.labels[:] = labels
        top, left = scene.place(disc, np.random.default_rng(0))
        rows, columns = np.nonzero(disc.alpha >= 0.5)
        assert not scene.labels[top + rows, left + columns].any()
        scene.labels[45:52, 66:69] = 1
        assert scene.place(disc, np.random.default_rng(0)) is None


def test_what_is_larger_than_the_canvas_finds_no_place():
    scene = Scene(np.zeros((10, 10), np.float32), 1, Crowding(0.35, 0.0, False, 0.0))
    assert scene.place(turn(ring_and_disc()[1], 1.0, 0.0, False), np.random.default_rng(0)) is None
