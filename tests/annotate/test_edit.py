import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.annotate.edit import (
    LARGEST_ID,
    add,
    dense,
    erase,
    fill_holes,
    merge,
    next_id,
    split_by_line,
    split_into,
)
from particleforge.annotate.region import Region
from particleforge.errors import UserError


def picture():
    """A block of 6 x 10 px with id 4, next to a neighbour, and a far one of the largest uint16 id and one above."""
    labels = np.zeros((20, 30), np.uint32)
    labels[5:11, 5:15] = 4
    labels[5:11, 15:18] = 9
    labels[14:18, 20:24] = 70_000
    return labels


def blobs(seed, count=6):
    """Random touching blobs with scattered ids."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(40, 50)), 3)
    parts, found = ndimage.label(field > np.quantile(field, 0.5))
    ids = np.concatenate([[0], rng.choice(100_000, found, replace=False) + 1]).astype(np.uint32)
    labels = ids[parts]
    labels[:, 25:] += (labels[:, 25:] > 0).astype(np.uint32) * 7  # cut some in two ids
    return labels


def applied(labels, change):
    """Labels after a change; checks that it reports correctly what was there and can be undone."""
    after = labels.copy()
    change.apply(after)
    back = after.copy()
    change.undo(back)
    np.testing.assert_array_equal(back, labels)
    assert after.dtype == np.uint32
    return after


def test_planning_an_edit_changes_nothing():
    labels = picture()
    change = erase(labels, 4)
    np.testing.assert_array_equal(labels, picture())
    after = applied(labels, change)
    assert set(np.unique(after)) == {0, 9, 70_000}
    assert change.window == (slice(5, 11), slice(5, 15))
    assert change.ids == ()


def test_added_particles_take_only_free_pixels():
    labels = picture()
    change = add(labels, Region(np.ones((8, 8), bool), 3, 10))
    after = applied(labels, change)
    assert change.ids == (70_001,)
    assert ((after == 70_001) == (np.pad(np.ones((8, 8), bool), ((3, 9), (10, 12))) & (labels == 0))).all()
    assert (applied(labels, add(labels, Region(np.ones((2, 2), bool), 0, 0), 4)) == 4).sum() == 64
    with pytest.raises(UserError, match="belong to particles"):
        add(labels, Region(np.ones((2, 2), bool), 6, 6))


def test_next_id_is_above_all():
    assert next_id(np.zeros((0, 4), np.uint32)) == 1
    assert next_id(picture()) == 70_001
    with pytest.raises(UserError, match="no larger"):
        next_id(np.full((1, 1), LARGEST_ID, np.uint32))


def test_holes_are_filled_but_not_with_neighbours():
    labels = picture()
    labels[7:9, 7:9] = 0
    labels[7, 7] = 5
    after = applied(labels, fill_holes(labels, 4))
    assert after[7, 7] == 5
    assert (after == 4).sum() == 59


def test_a_cut_gives_two_pieces_and_no_lost_pixel():
    labels = picture()
    change = split_by_line(labels, 4, (3, 8), (13, 8))
    after = applied(labels, change)
    assert change.ids == (70_001,)
    assert set(np.unique(after[5:11, 5:15])) == {4, 70_001}
    assert ((after > 0) == (labels > 0)).all()
    assert (after == 70_001).sum() + (after == 4).sum() == 60
    assert (after[5:11, 14] == 4).all()  # the larger piece keeps its id


@given(st.floats(0, 2 * np.pi), st.floats(-3, 3))
def test_a_cut_through_the_middle_divides_a_disc(angle, aside):
    grid = np.mgrid[:41, :41] - 20.0
    labels = (np.hypot(*grid) <= 15).astype(np.uint32) * 3
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    middle = 20 + aside * across
    after = applied(labels, split_by_line(labels, 3, tuple(middle - 20 * along), tuple(middle + 20 * along)))
    assert set(np.unique(after)) == {0, 3, 4}
    assert ((after > 0) == (labels > 0)).all()
    side = across[0] * (grid[0] - aside * across[0]) + across[1] * (grid[1] - aside * across[1])
    for far in (side > 1.5, side < -1.5):
        assert len(np.unique(after[far & (labels > 0)])) == 1
    assert ndimage.label(after == 4, np.ones((3, 3)))[1] == 1


def test_a_cut_leaves_separate_parts_of_the_particle_alone():
    labels = picture()
    labels[0:2, 0:3] = 4
    after = applied(labels, split_by_line(labels, 4, (3, 8), (13, 8)))
    assert (after[0:2, 0:3] == 4).all()
    assert set(np.unique(after)) == {0, 4, 9, 70_000, 70_001}


@pytest.mark.parametrize("line", [((0, 0), (3, 3)), ((7, 7), (9, 9)), ((0, 4), (19, 4)), ((5, 0), (5, 29))])
def test_lines_that_do_not_cut_through_are_refused(line):
    with pytest.raises(UserError, match="does not cut through particle 4"):
        split_by_line(picture(), 4, *line)


def test_touching_discs_come_apart_at_the_neck():
    grid = np.mgrid[:60, :100]
    discs = [np.hypot(grid[0] - 30, grid[1] - x) <= 14 for x in (20, 45, 70)]
    labels = np.any(discs, 0).astype(np.uint32) * 5
    labels[:, 90:] = 8
    change = split_into(labels, 5, 3)
    after = applied(labels, change)
    assert ((after > 0) == (labels > 0)).all()
    assert (after[:, 90:] == 8).all()
    assert set(np.unique(after)) == {0, 5, 8, 9, 10}
    for disc in discs:
        share = np.bincount(after[disc]).max() / disc.sum()
        assert share > 0.95
    with pytest.raises(UserError, match="3 thick parts, not 4"):
        split_into(labels, 5, 4)
    with pytest.raises(UserError, match="at least 2 parts"):
        split_into(labels, 5, 1)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.data())
def test_merging_takes_the_smallest_id_and_others_stay(seed, data):
    labels = blobs(seed)
    ids = np.unique(labels)[1:].tolist()
    some = data.draw(st.lists(st.sampled_from(ids), min_size=2, max_size=4, unique=True))
    after = applied(labels, merge(labels, some))
    chosen = np.isin(labels, some)
    assert (after[chosen] == min(some)).all()
    assert (after[~chosen] == labels[~chosen]).all()


def test_one_particle_cannot_be_merged():
    with pytest.raises(UserError, match="at least two particles; selected: 1"):
        merge(picture(), [4, 4])
    with pytest.raises(UserError, match="no particle 3"):
        merge(picture(), [4, 3])
    with pytest.raises(UserError, match="no particle 0"):
        erase(picture(), 0)


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_dense_labels_can_be_traced_back(seed):
    labels = blobs(seed)
    small, ids = dense(labels)
    np.testing.assert_array_equal(ids[small], labels)
    assert np.array_equal(np.unique(small), np.arange(len(ids)))
    assert small.dtype == np.uint32


def test_labels_without_background_are_numbered_from_one():
    small, ids = dense(np.full((2, 2), 9, np.uint32))
    assert (small == 1).all()
    assert ids.tolist() == [0, 9]
