import numpy as np
import pytest
from skimage.draw import disk

from particleforge.models.detections import Detections, Polygons
from particleforge.models.rods.combine import combine
from particleforge.models.rods.geometry import RodArcs
from particleforge.models.rods.outlines import Rods

SHAPE = (200, 200)


def rods(*places: tuple[float, float, float, float]) -> Detections:
    """Straight rods of half width 4: y, x, half length, angle in degrees."""
    y, x, half, angle = np.array(places, float).T
    arcs = RodArcs(np.stack([y, x], 1), half, np.deg2rad(angle), np.zeros(len(y)), np.full(len(y), 4.0))
    scores = np.full(len(y), 0.8, np.float32)
    return Detections(SHAPE, arcs.middles, scores, Rods(arcs))


def others(*masks) -> Detections:
    """Particles by label images."""
    corners = [np.argwhere(mask) for mask in masks]
    points = np.array([one.mean(0) for one in corners]).reshape(-1, 2)
    labels = np.zeros(SHAPE, np.uint32)
    for number, mask in enumerate(masks, start=1):
        labels[mask] = number
    scores = np.full(len(masks), 0.9, np.float32)
    return Detections(SHAPE, points, scores, painted=lambda: labels, found={"certainty": 0.5})


def mask_of(found: Detections, index: int) -> np.ndarray:
    mask = found.outlines.mask(index, SHAPE)
    out = np.zeros(SHAPE, bool)
    out[mask.window] = mask.pixels
    return out


def test_a_rod_that_is_found_by_both_is_outlined_as_a_rod() -> None:
    one = rods((100, 100, 60, 0))
    ragged = mask_of(one, 0)
    ragged[:, 40:60] = False
    found = combine(others(ragged), one)
    assert len(found) == 1
    assert mask_of(found, 0).sum() == mask_of(one, 0).sum()


def test_pieces_of_a_rod_become_the_rod() -> None:
    one = rods((100, 100, 60, 0))
    whole = mask_of(one, 0)
    left, right = whole.copy(), whole.copy()
    left[:, 95:], right[:, :105] = False, False
    found = combine(others(left, right), one)
    assert len(found) == 1
    assert found.outlines.whole
    assert mask_of(found, 0).sum() == whole.sum()
    assert found.found == {"certainty": 0.5, "rods": 1}


def test_a_cross_becomes_two_rods() -> None:
    two = rods((100, 100, 60, 0), (100, 100, 60, 90))
    cross = mask_of(two, 0) | mask_of(two, 1)
    found = combine(others(cross), two)
    assert sorted(mask_of(found, index).sum() for index in range(2)) == sorted(
        mask_of(two, index).sum() for index in range(2)
    )


def test_discs_stay_and_missed_rods_are_added() -> None:
    disc = np.zeros(SHAPE, bool)
    disc[disk((50, 50), 20)] = True
    found = combine(others(disc), rods((150, 100, 60, 10)))
    assert len(found) == 2
    assert mask_of(found, 0).sum() == disc.sum()
    np.testing.assert_allclose(found.scores, [0.9, 0.8])


def test_a_rod_on_another_particle_is_left_out() -> None:
    disc = np.zeros(SHAPE, bool)
    disc[disk((100, 100), 80)] = True
    particle = others(disc)
    assert combine(particle, rods((100, 100, 60, 10))) is particle


@pytest.mark.parametrize("count", [0, 1])
def test_stout_rods_and_none_change_nothing(count: int) -> None:
    particle = others()
    stout = rods((100, 100, 10, 10)) if count else Detections(SHAPE, np.zeros((0, 2)), np.zeros(0), rods_none())
    assert combine(particle, stout) is particle


def rods_none() -> Rods:
    from particleforge.models.rods.geometry import none

    return Rods(none())


def test_only_rods_can_be_combined() -> None:
    wrong = Detections(SHAPE, np.zeros((0, 2)), np.zeros(0), Polygons([]))
    with pytest.raises(TypeError, match="not rods"):
        combine(others(), wrong)
