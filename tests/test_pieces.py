import numpy as np
import pytest

from particleforge.pieces import largest_pieces


def test_labels_in_one_piece_are_not_copied():
    labels = np.kron(np.eye(3, dtype=np.uint16), np.ones((4, 4), np.uint16))
    found = largest_pieces(labels)
    assert found.labels is labels and found.count.tolist() == [1] and found.share.tolist() == [1.0]


def test_corners_connect_and_rows_do_not_wrap_around():
    labels = np.array([[0, 0, 0, 7], [7, 0, 0, 0], [0, 7, 0, 0]])
    found = largest_pieces(labels)
    assert found.labels.tolist() == [[0, 0, 0, 0], [7, 0, 0, 0], [0, 7, 0, 0]]
    assert found.count.tolist() == [2] and found.share.tolist() == [2 / 3]


def test_of_equal_pieces_the_first_counts_and_the_given_labels_stay():
    labels = np.array([[2, 0, 2], [0, 0, 0], [5, 0, 2]], np.uint8)
    found = largest_pieces(labels)
    assert found.labels.tolist() == [[2, 0, 0], [0, 0, 0], [5, 0, 0]] and found.labels.dtype == np.uint8
    assert found.runs.which.tolist() == [0, 1] and labels[2, 2] == 2


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (4, 4)])
def test_images_without_labels(shape):
    found = largest_pieces(np.zeros(shape, np.uint32))
    assert found.labels.shape == shape and not len(found.count)
