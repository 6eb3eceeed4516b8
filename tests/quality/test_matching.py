import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from stardist.matching import matching

from particleforge.quality.matching import Score, found_again, score

label_images = arrays(np.uint32, (7, 8), elements=st.sampled_from([0, 0, 1, 2, 3, 200, 70_000, 4_000_000_000]))


def blobs(seed, jitter):
    """True discs and predictions of them, some missing, some extra."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((80, 90))
    true, predicted = np.zeros((2, 80, 90), np.uint32)
    for label in range(1, 16):
        y, x, r = rng.uniform(0, 80), rng.uniform(0, 90), rng.uniform(3, 9)
        true[np.hypot(rows - y, columns - x) <= r] = label
        dy, dx, dr = rng.normal(0, jitter, 3)
        if rng.random() < 0.8:
            predicted[np.hypot(rows - y - dy, columns - x - dx) <= r + dr] = 100 * label
    return true, predicted


@pytest.mark.parametrize("iou", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("jitter", [0, 1, 3])
def test_counts_are_those_of_stardist(iou, jitter):
    for seed in range(6):
        true, predicted = blobs(seed, jitter)
        expected = matching(true.astype(np.int32), predicted.astype(np.int32), thresh=iou)
        found = score(true, predicted, iou=iou)
        assert (found.hits, found.false, found.missed) == (expected.tp, expected.fp, expected.fn)
        assert found.f1 == pytest.approx(expected.f1)


def by_hand(true, predicted, iou):
    def ids(labels):
        return [i for i in np.unique(labels) if i]

    pairs = [
        (t, p)
        for t in ids(true)
        for p in ids(predicted)
        if ((true == t) & (predicted == p)).sum() > iou * ((true == t) | (predicted == p)).sum()
    ]
    hits = len(pairs)
    return hits, len(ids(predicted)) - hits, len(ids(true)) - hits


@given(label_images, label_images, st.sampled_from([0.501, 0.613, 0.777]))
def test_counts_are_those_of_every_pair_compared(true, predicted, iou):
    found = score(true, predicted, iou=iou)
    assert (found.hits, found.false, found.missed) == by_hand(true, predicted, iou)


@given(label_images)
def test_a_perfect_prediction_has_no_error(labels):
    found = score(labels, labels)
    assert (found.false, found.missed, found.f1) == (0, 0, 1.0)


def test_halves_count_once():
    true = np.array([[1, 1, 1, 1]])
    found = score(true, np.array([[1, 1, 2, 2]]))
    assert (found.hits, found.false, found.missed) == (1, 1, 0)


def test_predictions_where_nothing_is_known_do_not_count():
    true = np.zeros((4, 10), np.uint32)
    true[:, :2] = 1
    predicted = true.copy()
    predicted[:, 3:5] = 2  # known
    predicted[:, 5:7] = 3  # half of it known
    predicted[:, 7:10] = 4  # not known
    known = np.arange(10) < 6
    found = score(true, predicted, np.broadcast_to(known, true.shape))
    assert (found.hits, found.false, found.missed) == (1, 2, 0)
    nowhere = score(true, predicted, np.zeros(true.shape, bool))
    assert (nowhere.hits, nowhere.false, nowhere.missed) == (1, 0, 0)
    everywhere = score(true, predicted, np.ones(true.shape, bool))
    assert everywhere == score(true, predicted)


def test_scores_add_up():
    assert Score(1, 2, 3) + Score(4, 5, 6) == Score(5, 7, 9)
    assert Score().f1 == 1
    assert Score(0, 1, 0).f1 == 0
    assert Score(3, 1, 2).f1 == pytest.approx(6 / 9)


def test_below_half_matches_are_not_unique():
    with pytest.raises(ValueError, match=r"iou is 0\.3"):
        score(np.zeros((2, 2), int), np.zeros((2, 2), int), iou=0.3)


@given(arrays(np.uint32, (8, 8), elements=st.integers(0, 4)), arrays(np.uint32, (8, 8), elements=st.integers(0, 4)))
def test_what_is_found_again_are_the_hits(one, other):
    ids = found_again(one, other)
    assert len(ids) >= score(one, other).hits
    for label in ids:
        ious = [
            ((one == label) & (other == o)).sum() / ((one == label) | (other == o)).sum()
            for o in range(1, 5)
            if (other == o).any()
        ]
        assert max(ious) >= 0.5
    np.testing.assert_array_equal(found_again(one, one), np.unique(one[one > 0]))
