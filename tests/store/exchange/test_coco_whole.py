"""Whole particles that overlap, to COCO files and back."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from skimage.draw import polygon

from particleforge.models.sources import classes_of
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import coco
from particleforge.workflows.import_ import import_

SHAPES = Shapes(height_px=96, width_px=96, overlap=0.6, coverage=0.9, lettering=0)


def pixels_of(outline, shape):
    full = np.zeros(shape, bool)
    full[polygon(*outline.points_px.T, shape)] = True
    return full


@pytest.mark.parametrize("recipe", [SHAPES, Aggregate(height_px=128, width_px=128)], ids=["shapes", "aggregate"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools 2.0.11
def test_whole_particles_come_back_and_others_read_them(recipe, tmp_path):
    from pycocotools.coco import COCO

    sample = make_sample(recipe, recipe.prepare([]), 1, 0)
    coco.write([sample], tmp_path / "out")
    (back,) = coco.read(tmp_path / "out")
    np.testing.assert_array_equal(back.labels, sample.labels)
    before = {one.label: one for one in sample.outlines}
    assert {one.label for one in back.outlines} <= set(before)
    annotations = {one["label"]: one for one in COCO(str(tmp_path / "out" / "instances.json")).anns.values()}
    for one in back.outlines:
        mask = COCO(str(tmp_path / "out" / "instances.json")).annToMask(annotations[one.label]) > 0
        assert (pixels_of(before[one.label], sample.labels.shape) & ~mask).sum() == 0
        assert not ((sample.labels == one.label) & ~mask).any()
        assert one.visible_fraction == pytest.approx(before[one.label].visible_fraction)
        piece = pixels_of(one, sample.labels.shape)
        assert (piece & mask).sum() >= 0.9 * mask.sum() or mask.sum() < 20


def foreign(folder, second):
    Image.fromarray(np.zeros((10, 12), np.uint8)).save(folder / "x.png")
    Image.fromarray(np.zeros((10, 12), np.uint8)).save(folder / "y.png")
    images = [{"id": number, "file_name": f"{'_xy'[number]}.png", "height": 10, "width": 12} for number in (1, 2)]
    squares = [(1, [2, 1, 6, 1, 6, 4, 2, 4]), (1, second), (2, [2, 1, 6, 1, 6, 4, 2, 4])]
    annotations = [
        {"id": number, "image_id": image, "category_id": 1, "segmentation": [corners]}
        for number, (image, corners) in enumerate(squares, 1)
    ]
    (folder / "any.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    return folder


def test_overlapping_masks_of_others_are_whole_outlines(tmp_path):
    first, _ = coco.read(foreign(tmp_path, [4, 0, 8, 0, 8, 8, 4, 8]))
    one, two = first.outlines
    assert (one.label, two.label) == (1, 2)
    assert pixels_of(one, (10, 12)).sum() == 12 and pixels_of(two, (10, 12)).sum() == 32
    assert (one.visible_fraction, two.visible_fraction) == (0.5, 1)


def test_masks_that_do_not_overlap_need_no_outlines(tmp_path):
    assert [one.outlines for one in coco.read(foreign(tmp_path, [7, 0, 9, 0, 9, 3, 7, 3]))] == [None, None]


def test_a_dataset_of_them_has_outlines_in_every_image(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    dataset = import_(foreign(folder, [4, 0, 8, 0, 8, 8, 4, 8]), tmp_path / "made.zarr")
    assert [len(sample.outlines) for sample in dataset] == [2, 1]
    assert dataset[1].outlines[0].visible_fraction == 1
    np.testing.assert_array_equal(pixels_of(dataset[1].outlines[0], (10, 12)), dataset[1].labels == 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"segmentation": [], "bbox": [8, 5, 3, 4]},
            "annotation 4 .id 9. has a bounding box only",
        ),
        ({"segmentation": {"size": [3, 3], "counts": [9]}, "bbox": [8, 5, 3, 4]}, "run lengths for an image of size"),
        ({"segmentation": [[1, 1, 2, 2]], "bbox": "no"}, "polygon 1 has 4 numbers"),
    ],
)
def test_one_annotation_that_cannot_be_read_is_left_out(tmp_path, wrong, message):
    folder = foreign(tmp_path, [4, 0, 8, 0, 8, 8, 4, 8])
    data = json.loads((folder / "any.json").read_text())
    data["annotations"].append({"id": 9, "image_id": 1, "category_id": 1} | wrong)
    (folder / "any.json").write_text(json.dumps(data))
    first, second = coco.read(folder)
    assert len(first.outlines) == 2 and first.labels.max() == 2
    (remark,) = first.micrograph.remarks
    assert remark.startswith("1 of 3 particles were left out") and re.search(message, remark)
    unknown = np.zeros((10, 12), bool)
    unknown[5:9, 8:11] = wrong["bbox"] != "no"
    np.testing.assert_array_equal(~first.known if first.known is not None else np.zeros((10, 12), bool), unknown)
    assert second.micrograph.remarks == ()


def test_several_categories_are_classes_that_a_training_reads(tmp_path):
    folder = foreign(tmp_path, [7, 6, 11, 6, 11, 9, 7, 9])
    content = json.loads((folder / "any.json").read_text())
    assert all(one.truth is None for one in coco.read(folder))
    content["categories"] = [{"id": 1, "name": "cube"}, {"id": "r", "name": "rod"}]
    content["annotations"][1]["category_id"] = "r"
    content["annotations"][2]["category_id"] = 7  # is not listed
    (folder / "any.json").write_text(json.dumps(content))
    expected = [{1: "cube", 2: "rod"}, {}]
    assert [classes_of(one) for one in coco.read(folder)] == expected
    import_(folder, tmp_path / "set.zarr")
    assert [classes_of(one) for one in Dataset.open(tmp_path / "set.zarr")] == expected
