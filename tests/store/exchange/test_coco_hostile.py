"""COCO files with anything in them: a sample, or a sentence that names annotation and field."""

import copy
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from particleforge.errors import UserError
from particleforge.sample import Sample
from particleforge.store.exchange import coco

SHAPE = (10, 12)
SQUARE = [[2, 1, 6, 1, 6, 4, 2, 4]]


def annotation(number=1, **fields):
    return {"id": 10 + number, "image_id": 4, "category_id": 1, "iscrowd": 0, "segmentation": SQUARE} | fields


def folder_of(folder, annotations, file_name="x.png", images=None, **image):
    Image.fromarray(np.arange(120, dtype=np.uint8).reshape(SHAPE)).save(folder / "x.png")
    entry = {"id": 4, "file_name": file_name, "height": SHAPE[0], "width": SHAPE[1]} | image
    text = json.dumps({"images": [entry] if images is None else images, "annotations": annotations})
    (folder / "any.json").write_text(text)
    return folder


WRONG = {
    "box only": ({"segmentation": None, "bbox": [1, 2, 3, 4]}, "has a bounding box only; an outline is needed"),
    "empty with box": ({"segmentation": [], "bbox": [1, 2, 3, 4]}, "has a bounding box only"),
    "empty": ({"segmentation": []}, "has no outline"),
    "text": ({"segmentation": "abc"}, "has the segmentation 'abc'"),
    "number": ({"segmentation": 7}, "has the segmentation 7"),
    "nan": ({"segmentation": [[1, 1, 5, 1, float("nan"), 5]]}, r"polygon 1 cannot be drawn \(the point \(nan, 5\)"),
    "infinite": ({"segmentation": [[1, 1, 5, 1, float("-inf"), 5]]}, r"point \(-inf, 5\)"),
    "far": ({"segmentation": [[1, 1, 5, 1, 1e300, 5]]}, r"point \(1e\+300, 5\)"),
    "very long": ({"segmentation": [[1, 1, 5, 1, 10**350, 5]]}, "polygon 1 cannot be drawn"),
    "two points": ({"segmentation": [*SQUARE, [1, 1, 5, 1]]}, "polygon 2 has 4 numbers; an even number from 6 on"),
    "odd": ({"segmentation": [[1, 1, 5, 1, 5, 5, 7]]}, "polygon 1 has 7 numbers"),
    "words": ({"segmentation": [[1, 1, "5", 1, 5, 5]]}, "polygon 1 contains '5', which is not a number"),
    "truth": ({"segmentation": [[1, 1, True, 1, 5, 5]]}, "polygon 1 contains True"),
    "nested": ({"segmentation": [[[1, 1], [5, 1], [5, 5]]]}, r"polygon 1 contains \[1, 1\]"),
    "mixed": ({"segmentation": [[1, 1, 5, 1, 5, 5], 3]}, "polygon 2 is 3"),
    "run of 2^70": (
        {"segmentation": {"size": [10, 12], "counts": [2**70]}},
        "has the run length 1180591620717411303424",
    ),
    "negative run": ({"segmentation": {"size": [10, 12], "counts": [-1, 121]}}, "has the run length -1"),
    "fraction": ({"segmentation": {"size": [10, 12], "counts": [1.5, 118.5]}}, r"has the run length 1\.5"),
    "runs of text": ({"segmentation": {"size": [10, 12], "counts": ["1"]}}, "has the run length '1'"),
    "short": ({"segmentation": {"size": [10, 12], "counts": [5]}}, "sum to 5, the image has 120 pixels"),
    "no counts": ({"segmentation": {"size": [10, 12]}}, "has the counts None"),
    "broken text": ({"segmentation": {"size": [10, 12], "counts": "PP"}}, "run lengths that cannot be read"),
    "not ascii": ({"segmentation": {"size": [10, 12], "counts": "é"}}, "run lengths that cannot be read"),
    "turned": ({"segmentation": {"size": [12, 10], "counts": [120]}}, r"size \[12, 10\], but its image has \[10, 12\]"),
    "no size": ({"segmentation": {"counts": [120]}}, "size None"),
    "label of 2^70": ({"label": 2**70}, "has the label 1180591620717411303424; labels go from 1 to 4294967295"),
    "label 0": ({"label": 0}, "has the label 0"),
    "label -3": ({"label": -3}, "has the label -3"),
    "crowd as text": ({"iscrowd": "0"}, "has the iscrowd '0'"),
    "image as list": ({"image_id": [4]}, r"has the image_id \[4\]"),
    "image as text": ({"image_id": "4"}, "refers to the image '4', which is not listed"),
    "no image": ({"image_id": None}, "has no image_id"),
}


@pytest.mark.parametrize(("fields", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_an_annotation_is_named(tmp_path, fields, message):
    with pytest.raises(UserError, match=message) as caught:
        list(coco.read(folder_of(tmp_path, [annotation(2, **fields)])))
    if "label" not in fields:
        assert "any.json: annotation 1 (id 12) " in caught.value.message


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ({"file_name": "../x.png"}, r"has the file_name '\.\./x\.png'; it must be inside of the folder"),
        ({"file_name": "images/../../x.png"}, "must be inside"),
        ({"file_name": "..\\x.png"}, "must be inside"),
        ({"file_name": "/etc/hostname"}, "must be inside"),
        ({"file_name": "C:\\x.png"}, "must be inside"),
        ({"file_name": "x\0.png"}, "must be inside"),
        ({"file_name": "y.png"}, "refers to the image 'y.png', which does not exist"),
        ({"file_name": "y" * 3000}, "image 1"),
        ({"file_name": 5}, "has the file_name 5; text is needed"),
        ({"file_name": None}, "has no file_name"),
        ({"height": 11}, "as 11 x 12 px, but it is 10 x 12 px"),
        ({"height": 10**12}, "1000000000000 x 12 px"),
        ({"width": -12}, "10 x -12 px"),
        ({"width": "12"}, "has the width '12'; a whole number is needed"),
        ({"width": True}, "has the width True"),
        ({"id": None}, "image 1 (.*)has no id"),
        ({"id": 4.5}, r"has the id 4\.5"),
    ],
)
def test_what_is_wrong_with_an_image_is_named(tmp_path, image, message):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / "x.png")
    with pytest.raises(UserError, match=message) as caught:
        list(coco.read(folder_of(tmp_path / "in", [annotation()], **image)))
    assert "any.json" in caught.value.message and "image 1" in caught.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "no list of images"),
        ({"images": {}}, "no list of images"),
        ({"images": []}, "no list of annotations"),
        ({"images": [3]}, "image 1 is 3"),
        ({"images": [], "annotations": ["a"]}, "annotation 1 is 'a'"),
        ({"images": [{"id": 1}, {"id": 1}], "annotations": []}, "image 2 .* has the id of another image"),
    ],
)
def test_what_is_no_coco_is_told(tmp_path, content, message):
    (tmp_path / "any.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        list(coco.read(tmp_path))


def test_deep_nesting_is_refused(tmp_path):
    (tmp_path / "any.json").write_text('{"images": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(UserError, match="nested"):
        list(coco.read(tmp_path))


def test_a_polygon_without_the_list_around_it_is_one(tmp_path):
    (listed,) = coco.read(folder_of(tmp_path, [annotation(segmentation=SQUARE)]))
    (flat,) = coco.read(folder_of(tmp_path, [annotation(segmentation=SQUARE[0])]))
    np.testing.assert_array_equal(listed.labels, flat.labels)
    assert flat.labels.sum() == 12


def test_height_and_width_may_be_left_out(tmp_path):
    (sample,) = coco.read(folder_of(tmp_path, [annotation()], height=None, width=None))
    assert sample.labels.sum() == 12


@pytest.mark.parametrize(
    ("folder", "name"), [("", "x.png"), ("images", "x.png"), ("images", "images/x.png"), ("a", "a\\x.png")]
)
def test_images_are_found_next_to_the_file_and_in_folders(tmp_path, folder, name):
    folder_of(tmp_path, [annotation()], file_name=name)
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "x.png").rename(tmp_path / folder / "x.png")
    (sample,) = coco.read(tmp_path)
    assert sample.name == "x"


def test_vanished_particles_are_counted_and_named(tmp_path):
    outside = annotation(3, segmentation=[[50, 50, 60, 50, 60, 60]])
    thin = annotation(4, segmentation=[[8.1, 8.1, 8.2, 8.1, 8.2, 8.2]])
    (sample,) = coco.read(folder_of(tmp_path, [annotation(1), annotation(2), outside, thin]))
    (remark,) = sample.micrograph.remarks
    assert remark == (
        "3 of 4 particles are not in the labels: annotation 1 (id 11) is hidden by later ones, annotation 3 (id 13) "
        "covers no pixel, annotation 4 (id 14) covers no pixel."
    )
    assert np.unique(sample.labels).tolist() == [0, 2]
    (fine,) = coco.read(folder_of(tmp_path, [annotation(1)]))
    assert fine.micrograph.remarks == ()


def test_the_only_json_with_annotations_is_recognised(tmp_path):
    assert not coco.recognises(tmp_path)
    folder_of(tmp_path, [])
    assert coco.recognises(tmp_path) and coco.recognises(tmp_path / "any.json")
    assert not coco.recognises(tmp_path / "x.png")
    (tmp_path / "any.json").write_text('{"pixel_size": 1}')
    assert not coco.recognises(tmp_path)


STRANGE = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**70,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "x",
        "é\0",
        [],
        [[]],
        {},
        [None],
        {"size": 3},
        [[{}]],
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_gives_a_sample_or_a_sentence(tmp_path, data):
    runs = {"size": [10, 12], "counts": [0, 1, 119]}
    content = {
        "images": [{"id": 4, "file_name": "x.png", "height": 10, "width": 12}],
        "annotations": [annotation(1), annotation(2, segmentation=runs), annotation(3, iscrowd=1, segmentation=SQUARE)],
    }
    folder_of(tmp_path, [])
    changed = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(1, 3))):
        place = changed
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if isinstance(inner, (dict, list)) and inner and data.draw(st.booleans()):
                place = inner
                continue
            if data.draw(st.booleans()):
                place[key] = copy.deepcopy(data.draw(STRANGE))
            else:
                del place[key]
            break
        if not changed:
            break
    (tmp_path / "any.json").write_text(json.dumps(changed))
    try:
        assert all(isinstance(one, Sample) for one in coco.read(tmp_path))
    except UserError as error:
        assert "any.json" in str(error)
