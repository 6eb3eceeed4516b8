"""Selections of ImageJ in every place where annotation is wanted."""

import zipfile

import numpy as np
import pandas as pd
import pytest
import tifffile
from roifile import ImagejRoi

from particleforge.errors import UserError
from particleforge.store.annotated import read_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import recognised
from particleforge.store.labels import read_labels
from particleforge.workflows.export import export
from particleforge.workflows.import_ import import_
from particleforge.workflows.sizes import SizesParams, sizes

QUICK = SizesParams(reports=False, precision={"resamples": 100})
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def rois_at(*places, size=8, **about):
    return [ImagejRoi.frompoints(np.array(place) + size * CORNERS, **about) for place in places]


def save(path, *rois):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, roi in enumerate(rois):
            archive.writestr(f"{number:04d}.roi", roi.tobytes())


def image(path, shape=(50, 60), **about):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 200, shape, np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack", **about)
    return path


PLACES = [(4, 4), (20, 5), (40, 30)]
LAYOUTS = {
    "in labels/": ("images/a.tif", "labels/a.zip"),
    "in masks/": ("images/a.tif", "masks/a.zip"),
    "next to the image": ("images/a.tif", "images/a.zip"),
    "RoiSet in labels/": ("images/a.tif", "labels/RoiSet.zip"),
    "RoiSet of a name": ("images/a.tif", "images/a_RoiSet.zip"),
    "without folders": ("a.tif", "RoiSet.zip"),
    "of a name, without folders": ("a.tif", "a.zip"),
    "named after RoiSet": ("a.tif", "RoiSet-a.zip"),
}


@pytest.mark.parametrize(("picture", "selections"), LAYOUTS.values(), ids=LAYOUTS)
def test_selections_are_found_by_their_names(tmp_path, picture, selections):
    image(tmp_path / "in" / picture)
    save(tmp_path / "in" / selections, *rois_at(*PLACES))
    (sample,) = read_annotated(tmp_path / "in")
    expected = np.zeros((50, 60), np.uint32)
    for label, (x, y) in enumerate(PLACES, 1):
        expected[y : y + 8, x : x + 8] = label
    assert (sample.name, sample.known) == ("a", None)
    np.testing.assert_array_equal(sample.labels, expected)
    assert recognised(tmp_path / "in") == "imagej"
    (back,) = import_(tmp_path / "in", tmp_path / "out.zarr")
    np.testing.assert_array_equal(back.labels, expected)
    found = sizes((tmp_path / "in" / selections).parent, tmp_path / "sizes", QUICK)
    assert found.summary["failed"] == {}
    assert pd.read_csv(found.table)["area_px2"].tolist() == [64, 64, 64]
    assert found.summary.get("left_out", {}) == {}


def test_single_selections_and_other_archives(tmp_path):
    for name in "ab":
        image(tmp_path / f"{name}.tif")
        (tmp_path / f"{name}.roi").write_bytes(rois_at(PLACES[0])[0].tobytes())
    save(tmp_path / "backup.zip", *rois_at((1, 1)))
    assert [sample.labels.sum() for sample in read_annotated(tmp_path)] == [64, 64]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["images/a.tif", "images/b.tif", "labels/RoiSet.zip"], "RoiSet.zip has no matching image"),
        (["images/a.tif", "labels/b.zip"], r"b\.zip has no matching image"),
        (["images/a.tif", "labels/a.zip", "images/a_RoiSet.zip"], "a is annotated twice"),
        (["images/a.tif", "images/b.tif", "images/a.zip"], r"b\.tif has no label image"),
        (["images/a.tif", "labels/a.zip", "labels/a.tif"], "a is annotated twice"),
        (["images/a.tif", "labels/a.zip", "masks/a.zip"], r"has labels/ and masks/"),
    ],
)
def test_what_does_not_belong_together_is_named(tmp_path, files, message):
    for file in files:
        if file.endswith(".zip"):
            save(tmp_path / file, *rois_at(*PLACES))
        else:
            image(tmp_path / file)
    with pytest.raises(UserError, match=message) as caught:
        read_annotated(tmp_path)
    assert caught.value.hint


def test_what_is_cut_and_left_out_is_said(tmp_path):
    image(tmp_path / "in" / "a.tif")
    save(tmp_path / "in" / "RoiSet.zip", *rois_at((4, 4), (55, 20), (90, 90), name="x"))
    sentences = ["1 selection (x) left out: no pixel of the image is inside.", "1 selection (x) cut off at the edge"]
    dataset = import_(tmp_path / "in", tmp_path / "out.zarr")
    found = sizes(tmp_path / "in" / "RoiSet.zip", tmp_path / "sizes", QUICK)
    for said in (dataset.meta["remarks"], found.summary["images"]["a"]["remarks"]):
        for sentence in sentences:
            assert any(sentence in one for one in said)


def test_the_pixel_size_is_that_of_the_image(tmp_path):
    image(tmp_path / "pictures" / "a.tif", resolution=(2e6, 2e6), resolutionunit="CENTIMETER")
    save(tmp_path / "rois" / "a.zip", *rois_at(*PLACES))
    found = sizes(tmp_path / "rois", tmp_path / "sizes", QUICK, images=tmp_path / "pictures")
    assert pd.read_csv(found.table)["area_nm2"].tolist() == pytest.approx([1600] * 3)


def test_selections_without_their_image_or_of_another_fail_alone(tmp_path):
    image(tmp_path / "images" / "a.tif")
    image(tmp_path / "images" / "c.tif")
    for name, places in {"a": PLACES, "b": PLACES, "c": [(300, 300)]}.items():
        save(tmp_path / "labels" / f"{name}.zip", *rois_at(*places))
    found = sizes(tmp_path / "labels", tmp_path / "sizes", QUICK)
    assert "the image on which its selections were drawn is not there" in found.summary["failed"]["b"]
    assert "none of its 1 selections covers a pixel" in found.summary["failed"]["c"]
    assert list(found.summary["images"]) == ["a"]


def test_planes_of_a_stack(tmp_path):
    image(tmp_path / "images" / "s.tif", (3, 50, 60), imagej=True, metadata={"axes": "ZYX"})
    rois = [*rois_at((4, 4), position=0), *rois_at((20, 20), (40, 5), position=2)]
    save(tmp_path / "labels" / "s.zip", *rois)
    first, last = read_annotated(tmp_path)
    assert (first.name, last.name) == ("s_00000", "s_00002")
    assert [len(np.unique(sample.labels)) - 1 for sample in (first, last)] == [1, 2]
    assert "2 of 3 planes have selections" in first.micrograph.remarks[-1]
    found = sizes(tmp_path / "labels", tmp_path / "sizes", QUICK)
    assert pd.read_csv(found.table)["frame"].tolist() == [0, 2, 2]
    save(tmp_path / "labels" / "s.zip", *rois_at((4, 4), position=7))
    with pytest.raises(UserError, match="1 of 1 selections lie on none of the 3 planes"):
        read_annotated(tmp_path)


def test_export_and_import_give_the_same_particles(tmp_path):
    image(tmp_path / "in" / "images" / "a.tif")
    save(tmp_path / "in" / "labels" / "a.zip", *rois_at(*PLACES))
    dataset = import_(tmp_path / "in", tmp_path / "a.zarr")
    export(dataset.path, tmp_path / "out", "imagej")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.tif", "a.zip"]
    back = import_(tmp_path / "out", tmp_path / "b.zarr")
    np.testing.assert_array_equal(back[0].labels, dataset[0].labels)
    np.testing.assert_array_equal(back[0].micrograph.pixels, dataset[0].micrograph.pixels)


def test_datasets_and_masks_are_annotation(tmp_path):
    image(tmp_path / "in" / "images" / "a.tif")
    save(tmp_path / "in" / "labels" / "a.zip", *rois_at(*PLACES))
    dataset = import_(tmp_path / "in", tmp_path / "a.zarr")
    export(dataset.path, tmp_path / "pairs", "pairs")
    for place in (tmp_path / "a.zarr", tmp_path / "pairs"):
        (sample,) = read_annotated(place)
        np.testing.assert_array_equal(sample.labels, dataset[0].labels)
    (dataset.path / "images" / "c" / "0" / "0" / "0").unlink()
    with pytest.raises(UserError, match="the array images of samples 0 to 0 is lost"):
        read_annotated(dataset.path)
    assert read_labels(tmp_path / "pairs" / "masks" / "a.tif").max() == 3
    assert isinstance(dataset, Dataset)
