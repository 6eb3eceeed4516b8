import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Joined, Sample

LABELS = np.array([[0, 1, 0], [0, 1, 2]], np.uint32)


def test_background_is_what_is_surely_none():
    image = Micrograph(np.zeros((2, 3)), name="one")
    np.testing.assert_array_equal(Sample(image, LABELS).background, LABELS == 0)
    known = np.array([[True, True, False], [False, False, True]])
    partly = Sample(image, LABELS, known)
    np.testing.assert_array_equal(partly.background, [[True, False, False], [False, False, False]])
    assert partly.name == "one"


@pytest.mark.parametrize("what", ["labels", "known"])
def test_shapes_must_be_equal(what):
    image = Micrograph(np.zeros((2, 3)), name="one")
    arrays = {"labels": LABELS, "known": LABELS > 0} | {what: np.zeros((3, 2), np.uint32)}
    with pytest.raises(UserError, match=rf"one: the {what} have shape \(3, 2\), but the image has \(2, 3\)"):
        Sample(image, **arrays)


def named(name):
    return Sample(Micrograph(np.zeros((2, 3)), name=name), LABELS)


def test_joined_sequences_are_read_one_behind_the_other():
    parts = [[named(f"{part}{i}") for i in range(count)] for part, count in (("a", 2), ("b", 0), ("c", 3))]
    joined = Joined(parts)
    assert [sample.name for sample in joined] == ["a0", "a1", "c0", "c1", "c2"]
    assert joined[-1].name == "c2"
    assert [sample.name for sample in joined[1:3]] == ["a1", "c0"]
    assert len(Joined([])) == 0
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            joined[wrong]
