"""Particles found around those that a person is sure of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.workflows._around import around

LABELS = arrays(np.uint32, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=st.integers(0, 4))


def boxes(*places, shape=(20, 30)):
    labels = np.zeros(shape, np.uint32)
    for number, (top, left, bottom, right) in enumerate(places, start=1):
        labels[top:bottom, left:right] = number
    return labels


def test_what_was_found_elsewhere_is_added_with_new_ids():
    sure = boxes((0, 0, 5, 5)) * 7
    both = around(sure, {7: 0.9}, boxes((0, 0, 5, 6), (10, 10, 15, 15)), {1: 0.8, 2: 0.7})
    assert np.array_equal(both.labels, sure + 8 * boxes((10, 10, 15, 15)))
    assert both.scores == {7: 0.9, 8: 0.7} and both.found_again == 1


def test_of_a_small_overlap_the_rest_is_left():
    sure, found = boxes((0, 0, 5, 5)), boxes((0, 4, 5, 12))
    both = around(sure, {}, found, {1: 0.5})
    assert np.array_equal(both.labels, sure + 2 * boxes((0, 5, 5, 12))) and both.found_again == 0


def test_a_large_find_does_not_swallow_a_sure_particle():
    sure, found = boxes((5, 5, 9, 9)), boxes((0, 0, 20, 30))
    assert np.array_equal(around(sure, {}, found, {1: 0.5}).labels, sure)


def test_of_a_find_in_two_pieces_one_is_left():
    sure, found = boxes((0, 10, 12, 11)), boxes((0, 8, 5, 20))
    assert np.array_equal(around(sure, {}, found, {}).labels, boxes((0, 10, 12, 11), (0, 11, 5, 20)))


def test_what_a_person_has_marked_as_background_does_not_come_back():
    nothing = np.zeros((20, 30), np.uint32)
    found, free = boxes((0, 0, 5, 5), (10, 10, 15, 15)), boxes((0, 0, 5, 5)) > 0
    both = around(nothing, {}, found, {1: 0.9, 2: 0.8}, free)
    assert np.array_equal(both.labels, boxes((10, 10, 15, 15))) and both.scores == {1: 0.8}


@given(st.data())
def test_sure_particles_never_change(data):
    sure = data.draw(LABELS)
    found = data.draw(arrays(np.uint32, sure.shape, elements=st.integers(0, 5)))
    scores = {number: number / 10 for number in range(1, 6)}
    both = around(sure, {}, found, scores)
    assert np.array_equal(both.labels[sure > 0], sure[sure > 0])
    new = set(np.unique(both.labels)) - set(np.unique(sure))
    assert new == set(both.scores) and not new & set(np.unique(sure))
    assert all(len(set(found[both.labels == one])) == 1 for one in new)
