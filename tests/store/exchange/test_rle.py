import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from particleforge.store.rle import decode, from_text, instance_pixels, pixels_of, runs_of, to_text

RUNS = st.lists(st.integers(0, 2**31), min_size=1, max_size=30)


def text_one_by_one(runs):
    """The format as maskApi.h describes it, number by number."""
    text = ""
    for i, run in enumerate(runs):
        value = run - runs[i - 2] if i > 2 else run
        while True:
            group, value = value & 31, value >> 5
            more = value != (-1 if group & 16 else 0)
            text += chr(group + 32 * more + 48)
            if not more:
                break
    return text


@pytest.mark.parametrize(
    ("mask", "runs", "text"), [([0, 0, 1, 1, 1, 0, 1], [2, 3, 1, 1], "231N"), ([1, 1, 1, 1, 1, 1, 0], [0, 6, 1], "061")]
)
def test_examples_of_the_format(mask, runs, text):
    assert runs_of(np.flatnonzero(mask), len(mask)).tolist() == runs
    assert to_text(np.array(runs)) == text
    assert decode(text, len(mask)).tolist() == decode(runs, len(mask)).tolist() == np.flatnonzero(mask).tolist()


@given(RUNS)
def test_text_equals_the_one_by_one_encoding(runs):
    text = to_text(np.array(runs))
    assert text == text_one_by_one(runs)
    assert from_text(text).tolist() == runs


@given(arrays(np.bool_, st.integers(1, 60)))
def test_runs_round_trip(mask):
    runs = runs_of(np.flatnonzero(mask), mask.size)
    assert runs.sum() == mask.size
    assert (runs[1:] > 0).all()
    np.testing.assert_array_equal(pixels_of(runs), np.flatnonzero(mask))


@given(
    arrays(np.uint32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.sampled_from([0, 1, 9, 2**32 - 1]))
)
def test_instances_are_found_down_the_columns(labels):
    found = dict(instance_pixels(labels))
    assert found.keys() == set(labels.flat) - {0}
    for label, pixels in found.items():
        np.testing.assert_array_equal(pixels, np.flatnonzero(labels.flatten(order="F") == label))


@pytest.mark.parametrize("counts", ["", "23", "P", "~~", "2\x002", [3, -1, 5], [1, 2], "P" * 20 + "1"])
def test_broken_encodings_are_refused(counts):
    with pytest.raises(ValueError, match=r"run"):
        decode(counts, 7)
