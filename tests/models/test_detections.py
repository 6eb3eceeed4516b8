"""What every detector finds: particles that can be left out, moved and painted."""

import numpy as np
import pytest

from particleforge.mask import Mask
from particleforge.models.detections import Detections, Masks, Polygons


def square(top, left, side):
    return np.array([(top, left), (top, left + side), (top + side, left + side), (top + side, left)], float)


@pytest.fixture
def squares():
    """The second, more probable one covers a corner of the first; the third lies apart."""
    corners = [square(2, 2, 8), square(6, 6, 8), square(12, 20, 4)]
    scores = np.array([0.5, 0.9, 0.7], np.float32)
    return Detections((20, 30), np.array([c.mean(0) for c in corners]), scores, Polygons(corners), classes=tuple("abc"))


def painted(labels, count):
    return Detections(
        labels.shape, np.eye(count, 2), np.linspace(0.9, 0.7, count).astype(np.float32), painted=lambda: labels
    )


def test_outlines_overlap_and_the_most_probable_is_seen(squares):
    labels = squares.labels
    assert labels.dtype == np.uint32 and labels.shape == (20, 30)
    assert labels[7, 7] == 2 and labels[3, 3] == 1 and labels[13, 22] == 3
    assert (labels == 2).sum() == 81 and (labels == 1).sum() == 81 - 25
    assert len(squares.outlines.only(np.array([0])).paint((20, 30), squares.scores[:1]).nonzero()[0]) == 81


def test_what_is_kept_is_renumbered_and_leaves_the_place_of_others_empty(squares):
    kept = squares.only(np.array([1, 3]))
    assert kept.classes == ("a", "c") and len(kept) == len(kept.outlines) == 2
    assert kept.scores.tolist() == squares.scores[[0, 2]].tolist()
    assert kept.labels[7, 7] == 0 and kept.labels[3, 3] == 1 and kept.labels[13, 22] == 2


def test_nothing_found_is_an_empty_image():
    nothing = Detections((4, 5), np.empty((0, 2)), np.empty(0, np.float32))
    assert not nothing.labels.any() and nothing.labels.shape == (4, 5) and nothing.certainty is None
    assert not nothing.only(np.empty(0, int)).moved(2, (9, 5)).outside([(slice(0, 3), slice(0, 3))]).labels.any()


def test_particles_in_a_window_are_left_out():
    labels = np.zeros((20, 30), np.uint32)
    labels[2:6, 2:6], labels[2:6, 10:18], labels[10:14, 2:6] = 1, 2, 3
    found = painted(labels, 3)
    kept = found.outside([(slice(0, 8), slice(0, 14)), (slice(10, 14), slice(2, 4))])
    assert kept.scores.tolist() == found.scores[1:].tolist()
    assert np.array_equal(kept.labels, np.where(labels == 1, 0, labels.astype(int) - (labels > 1)))
    assert np.array_equal(found.outside([]).labels, labels)


def test_moved_particles_lie_further_down(squares):
    labels = np.eye(4, dtype=np.uint32)
    moved = painted(labels, 1).moved(3, (9, 4))
    assert np.array_equal(moved.labels[3:7], labels) and moved.labels.sum() == labels.sum()
    assert moved.labels.shape == moved.shape == (9, 4) and moved.points.tolist() == [[4, 0]]
    down = squares.moved(5, (25, 30))
    assert np.array_equal(down.labels[5:], squares.labels)
    assert np.array_equal(down.outlines.paint((25, 30), squares.scores)[5:], squares.labels)


@pytest.mark.parametrize("kind", ["polygons", "masks"])
def test_masks_are_whole_although_others_cover_them(squares, kind):
    corners = [*squares.outlines.corners, square(-3, 24, 9), square(7, 7, 2)]  # cut by the border; hidden
    scores = np.array([*squares.scores, 0.6, 0.1], np.float32)
    found = Polygons(corners, whole=True)
    if kind == "masks":
        big = [Polygons([one + 20]).mask(0, (60, 70)).moved(-20, -20) for one in corners]
        found = Masks(big)
    every = Detections((20, 30), np.zeros((5, 2)), scores, found)
    assert set(np.unique(every.labels)) == {0, 1, 2, 3, 4}
    for index, corner in enumerate(corners):
        alone = Polygons([corner]).paint((20, 30), scores[:1]) > 0
        mask = every.whole_masks[index + 1]
        shown = np.zeros((20, 30), bool)
        shown[mask.window] = mask.pixels
        np.testing.assert_array_equal(shown, alone)
        assert not (every.labels == index + 1)[~shown].any()
        assert mask.area_px2 == alone.sum()
    kept = every.only(np.array([5, 4])).moved(3, (40, 30))
    assert list(kept.whole_masks) == [1, 2]
    assert (kept.whole_masks[1].top, kept.whole_masks[1].left) == (10, 7)
    assert kept.whole_masks[2].area_px2 == 10 * 6  # what lay above the image is in it now, less what is right of it


def test_a_mask_outside_of_the_image_is_empty():
    mask = Mask(-5, 3, np.ones((4, 4), bool))
    assert mask.clipped((10, 10)).area_px2 == 0
    assert Polygons([square(30, 30, 5)]).mask(0, (10, 10)).area_px2 == 0
    assert not Masks([mask]).paint((10, 10), np.ones(1, np.float32)).any()


def test_visible_parts_are_not_taken_for_whole_particles(squares):
    assert squares.whole_masks == {}
