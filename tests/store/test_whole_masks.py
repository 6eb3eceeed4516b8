import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.mask import Mask
from particleforge.store.labels import write_labels
from particleforge.store.left_out import left_out
from particleforge.store.whole_masks import read_whole, whole_file, write_whole

ONE, TWO, UNDER = np.zeros((3, 12, 9), bool)
ONE[2:5, 1:8], TWO[0:10, 3:6], UNDER[3:4, 4:5] = True, True, True
LABELS = np.where(TWO, 7, np.where(ONE, 2, 0)).astype(np.uint32)
MASKS = {2: Mask.of(ONE), 7: Mask.of(TWO), 9: Mask.of(UNDER)}


def shown(mask, shape=LABELS.shape):
    full = np.zeros(shape, bool)
    full[mask.window] = mask.pixels
    return full


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "labels" / "an image.v2.tif"
    path.parent.mkdir()
    write_labels(path, LABELS)
    write_whole(path, LABELS, MASKS)
    return path


def test_they_come_back_with_hidden_ones(path):
    found = read_whole(path).of(LABELS)
    assert list(found) == [2, 7, 9]
    for number, full in ((2, ONE), (7, TWO), (9, UNDER)):
        np.testing.assert_array_equal(shown(found[number]), full)


@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))), st.integers(0, 5), st.integers(0, 5))
def test_any_mask_comes_back(tmp_path_factory, pixels, top, left):
    path = tmp_path_factory.mktemp("any") / "one.tif"
    labels = np.zeros((14, 15), np.uint32)
    mask = Mask.of(pixels, top, left)
    write_whole(path, labels, {3: mask})
    found = read_whole(path).of(labels)
    assert list(found) == [3] * bool(pixels.any())
    if found:
        np.testing.assert_array_equal(shown(found[3], labels.shape), shown(mask, labels.shape))
        assert found[3].pixels.shape == mask.pixels.shape


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools 2.0.11
def test_pycocotools_reads_them(path):
    from pycocotools.coco import COCO

    coco = COCO(str(whole_file(path)))
    for number, full in ((2, ONE), (7, TWO), (9, UNDER)):
        (one,) = coco.loadAnns([number])
        np.testing.assert_array_equal(coco.annToMask(one), full)
        assert one["area"] == full.sum()


def test_a_particle_that_was_edited_has_no_whole_mask_any_more(path):
    saved = read_whole(path)
    grown = LABELS.copy()
    grown[11, 0] = 2
    assert list(saved.of(grown)) == [7, 9]
    removed = np.where(LABELS == 7, 0, LABELS)
    assert list(saved.of(removed)) == [2, 9]
    more = LABELS.copy()
    more[11, 8] = 20
    assert list(saved.of(more)) == [2, 7, 9]
    assert list(saved.of(LABELS)) == [2, 7, 9]


def test_results_without_masks_leave_no_file_of_earlier_ones(path):
    assert whole_file(path).name == "an image.v2.coco.json"
    write_whole(path, LABELS, {})
    assert not whole_file(path).exists()
    assert read_whole(path).of(LABELS) == {}


def test_they_belong_to_their_labels(path):
    assert left_out(path.parent) == {}


@pytest.mark.parametrize("content", ["{", "{}", '{"annotations": [{"id": 1}]}'])
def test_a_damaged_file_is_named(path, content):
    whole_file(path).write_text(content)
    with pytest.raises(UserError, match=r"coco\.json.*"):
        read_whole(path)


def test_a_mask_of_another_size_is_refused(path):
    data = json.loads(whole_file(path).read_text())
    data["annotations"][0]["segmentation"]["size"] = [3, 3]
    whole_file(path).write_text(json.dumps(data))
    with pytest.raises(UserError):
        read_whole(path)
