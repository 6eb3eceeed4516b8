"""Every edit can be undone and redone, with what a person is sure of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Labels

from particleforge.annotate.edit import Change
from particleforge.widgets.bench.check.history import History, Marks
from particleforge.widgets.bench.check.places import Places
from particleforge.widgets.bench.check.rims import drawn, rims
from particleforge.widgets.bench.check.watched import Watched

SHAPE = (24, 26)


def discs():
    labels = np.zeros(SHAPE, np.uint32)
    labels[2:8, 2:9], labels[3:9, 12:18], labels[14:20, 5:11] = 1, 2, 7
    return labels


def history_of(labels, sure=()):
    particles = Watched(Labels(labels.copy()), labels.copy())
    strokes = Watched(Labels(np.zeros(labels.shape, np.uint8)), np.zeros(labels.shape, np.uint8))
    return History(particles, strokes, Places(labels), Marks(frozenset(sure)))


def state(history):
    return history.data.copy(), history.strokes.data.copy(), history.marks


def same(one, other):
    return np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1]) and one[2] == other[2]


def check_places(history):
    expected = Places(history.data)
    assert history.places.ids == expected.ids and history.places.areas == expected.areas
    for particle in expected.ids:
        assert history.places.window(particle) == expected.window(particle)


SPOTS = st.tuples(st.integers(0, SHAPE[0] - 1), st.integers(0, SHAPE[1] - 1))
IDS = st.sampled_from([0, 1, 2, 7, 9])
EDITS = st.one_of(
    st.tuples(st.just("paint"), SPOTS, IDS),
    st.tuples(st.just("fill"), SPOTS, IDS),
    st.tuples(st.just("stroke"), SPOTS, st.just(1)),
    st.tuples(st.just("apply"), SPOTS, IDS),
    st.tuples(st.just("erase"), st.sets(IDS, min_size=1)),
    st.tuples(st.just("confirm"), st.sets(IDS), st.booleans()),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)


def do(history, edit):
    match edit:
        case ("paint", spot, particle):
            history.particles.layer.paint(spot, particle)
        case ("fill", spot, particle):
            history.particles.layer.fill(spot, particle)
        case ("stroke", spot, value):
            history.strokes.layer.paint(spot, value)
        case ("apply", (row, column), particle):
            window = slice(row, row + 4), slice(column, column + 3)
            before = history.data[window].copy()
            history.apply(Change(window, before, np.full_like(before, particle)))
        case ("erase", ids):
            history.erase(ids)
        case ("confirm", ids, sure):
            history.confirm(ids, sure)
        case ("undo",):
            history.undo()
        case ("redo",):
            history.redo()


@pytest.mark.usefixtures("qapp")
@given(st.lists(EDITS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_all_can_be_undone_and_redone(edits):
    history = history_of(discs(), sure=(2,))
    begin = state(history)
    for edit in edits:
        do(history, edit)
        check_places(history)
        assert np.array_equal(history.particles.seen, history.data)
        assert history.marks.sure | history.marks.drawn <= history.places.ids
    end = state(history)
    steps = 0
    while history.can_undo:
        history.undo()
        steps += 1
        check_places(history)
    assert same(state(history), begin)
    for _ in range(steps):
        history.redo()
    assert same(state(history), end)
    check_places(history)
    history.release()


@pytest.mark.usefixtures("qapp")
def test_what_a_hand_has_changed_is_sure_and_has_no_score():
    history = history_of(discs())
    history.particles.layer.paint((8, 3), 9)  # a new one, partly on 1
    assert history.marks == Marks(frozenset({1, 9}), frozenset({1, 9}))
    history.undo()
    assert history.marks == Marks()
    history.confirm([2])
    assert history.marks == Marks(frozenset({2}))
    history.erase([2])
    assert history.marks == Marks() and not history.strokes.data.any()
    history.undo()
    assert history.marks == Marks(frozenset({2}))


@pytest.mark.usefixtures("qapp")
def test_a_found_particle_that_is_erased_is_background_until_it_is_undone():
    history = history_of(discs())
    history.erase([1, 7])
    np.testing.assert_array_equal(history.strokes.data > 0, np.isin(discs(), (1, 7)))
    history.undo()
    assert not history.strokes.data.any() and np.array_equal(history.data, discs())


def test_changes_of_which_napari_says_no_place_are_noticed(qtbot):
    history = history_of(discs())
    layer = history.particles.layer
    layer.data[15, 6] = 0
    layer.refresh()
    qtbot.waitUntil(lambda: history.can_undo, timeout=5000)
    layer.data = np.where(discs() == 2, 0, discs())
    qtbot.waitUntil(lambda: 2 not in history.places, timeout=5000)
    check_places(history)
    history.undo()
    history.undo()
    np.testing.assert_array_equal(history.data, discs())


@given(st.lists(st.tuples(SPOTS, IDS), max_size=8), SPOTS)
@settings(max_examples=60, deadline=None)
def test_a_window_of_contours_is_that_of_the_whole_picture(spots, corner):
    labels = discs()
    for (row, column), particle in spots:
        labels[row : row + 4, column : column + 3] = particle
    values = {1: (3, 0), 7: (5, 25), 9: (2, 0)}
    whole = drawn(labels, (slice(0, SHAPE[0]), slice(0, SHAPE[1])), 2, values, 1)
    window = slice(corner[0] // 2, corner[0] + 1), slice(corner[1] // 2, corner[1] + 1)
    np.testing.assert_array_equal(drawn(labels, window, 2, values, 1), whole[window])
    large = np.where(labels == 9, np.uint32(4_000_000_000), labels)
    np.testing.assert_array_equal(drawn(large, window, 2, {**values, 4_000_000_000: (2, 0)}, 1), whole[window])
    outside = (whole > 0) & (labels == 0)
    assert not outside.any() and (whole > 0)[rims(labels, 1)].all()
