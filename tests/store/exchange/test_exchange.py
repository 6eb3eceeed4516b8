import errno
import json
import os

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.step import Progress
from particleforge.store.exchange import coco, pairs, stardist
from particleforge.store.files import sha256

FORMATS = [pairs, stardist, coco]


def sample(name, shape=(9, 7), ids=(1, 2), known=None, dtype=np.uint8):
    pixels = np.random.default_rng(len(name)).integers(0, 255, shape).astype(dtype)
    labels = np.zeros(shape, np.uint32)
    for row, label in enumerate(ids):
        labels[2 * row : 2 * row + 2, 1:4] = label
        labels[-1, -1] = label if len(ids) > 1 else 0
    return Sample(Micrograph(pixels, (0.5, 0.5), "YX", name), labels, known)


def assert_same(read, written):
    assert [one.name for one in read] == [one.name for one in written]
    for back, one in zip(read, written, strict=True):
        np.testing.assert_array_equal(back.micrograph.pixels, one.micrograph.pixels, strict=True)
        np.testing.assert_array_equal(back.labels, one.labels, strict=True)
        np.testing.assert_array_equal(back.background, one.background)
        assert back.micrograph.pixel_size_nm == one.micrograph.pixel_size_nm


SAMPLES = [
    sample("a"),
    sample("b", ids=()),
    sample("c", shape=(12, 5), ids=(7, 70_000, 2**32 - 1), dtype=np.float32),
    sample("d", ids=(300,), dtype=np.uint16),
]


@pytest.mark.parametrize("form", FORMATS)
def test_samples_come_back(tmp_path, form):
    assert form.write(SAMPLES, tmp_path / "out") == tmp_path / "out"
    back = sorted(form.read(tmp_path / "out"), key=lambda one: one.name)
    assert_same(back, SAMPLES)


@pytest.mark.parametrize("form", FORMATS)
def test_no_samples_come_back_as_none(tmp_path, form):
    form.write([], tmp_path / "out")
    assert list(form.read(tmp_path / "out")) == []


@st.composite
def rows_of_labels(draw):
    """Label image with at most one particle in each row."""
    labels = np.zeros((4, 5), np.uint32)
    ids = draw(st.lists(st.sampled_from([1, 2, 254, 65536, 2**32 - 2]), max_size=4, unique=True))
    for row, label in zip(labels, ids, strict=False):
        row[draw(st.integers(1, 2)) : draw(st.integers(3, 5))] = label
    return labels


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=st.lists(rows_of_labels(), max_size=3))
def test_any_labels_come_back(tmp_path_factory, form, labels):
    samples = [Sample(Micrograph(np.zeros((4, 5)), (2.0, 2.0), name=f"n{i}"), ids) for i, ids in enumerate(labels)]
    folder = tmp_path_factory.mktemp("exchange")
    form.write(samples, folder)
    assert_same(sorted(form.read(folder), key=lambda one: one.name), samples)


@pytest.mark.parametrize("form", FORMATS)
def test_progress_counts_to_the_end(tmp_path, form):
    reports = list(form.write.steps(SAMPLES, tmp_path / "out"))
    assert all(isinstance(report, Progress) for report in reports)
    assert [report.done for report in reports] == [1, 2, 3, 4]
    assert reports[-1].total == 4


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_overwritten_and_twins_are_refused(tmp_path, form):
    form.write(SAMPLES[:1], tmp_path / "out")
    before = {path: sha256(path) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="not empty"):
        form.write(SAMPLES, tmp_path / "out")
    assert {path: sha256(path) for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    assert list(form.read(tmp_path / "out"))
    assert {path: sha256(path) for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    with pytest.raises(UserError, match="Two samples"):
        form.write([SAMPLES[0], SAMPLES[0]], tmp_path / "twins")


@pytest.mark.parametrize("form", FORMATS)
def test_equal_samples_give_equal_bytes(tmp_path, form):
    for name in ("one", "two"):
        form.write(SAMPLES, tmp_path / name)
    one, two = (
        {path.relative_to(tmp_path / name): sha256(path) for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("one", "two")
    )
    assert one == two


@pytest.mark.parametrize("form", FORMATS)
def test_full_disk_is_told(tmp_path, form, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="disk is full"):
        form.write(SAMPLES, tmp_path / "out")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("form", FORMATS)
def test_partial_annotation_is_kept_or_refused_never_lost(tmp_path, form):
    known = np.ones((9, 7), bool)
    known[6:, :5] = False
    partial = [sample("a", known=known)]
    if form is coco:
        form.write(partial, tmp_path / "out")
        assert_same(list(form.read(tmp_path / "out")), partial)
    else:
        with pytest.raises(UserError, match=r"23\.8% of the image is not annotated"):
            form.write(partial, tmp_path / "out")


def test_masks_are_as_narrow_as_their_ids(tmp_path):
    pairs.write(SAMPLES, tmp_path / "out")
    types = [tifffile.imread(tmp_path / "out" / "masks" / f"{name}.tif").dtype for name in "abcd"]
    assert types == [np.uint16, np.uint16, np.uint32, np.uint16]


def test_pairs_written_by_others(tmp_path):
    for part, data in (("images", np.arange(12, dtype=np.uint8)), ("masks", np.arange(12, dtype=np.uint8) // 6)):
        (tmp_path / part).mkdir()
        Image.fromarray(data.reshape(3, 4)).save(tmp_path / part / "x.png")
    (back,) = pairs.read(tmp_path)
    assert back.labels.tolist() == [[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]]


@pytest.mark.parametrize("lost", ["images", "masks"])
def test_missing_partners_are_named(tmp_path, lost):
    pairs.write(SAMPLES, tmp_path / "out")
    (tmp_path / "out" / lost / "b.tif").unlink()
    sentence = {"images": r"b\.tif has no matching image", "masks": r"b\.tif has no label image"}[lost]
    with pytest.raises(UserError, match=sentence):
        list(pairs.read(tmp_path / "out"))
    with pytest.raises(UserError, match="no folder images/"):
        pairs.read(tmp_path)


@pytest.mark.parametrize(("count", "held_out"), [(0, 0), (1, 0), (2, 1), (10, 2), (100, 15)])
def test_the_held_out_split_follows_the_seed(count, held_out):
    assert len(stardist.split(count, 1)) == held_out
    assert stardist.split(count, 1) == stardist.split(count, 1) <= set(range(count))
    if count == 100:
        assert stardist.split(count, 1) != stardist.split(count, 2)


def test_stardist_folders(tmp_path):
    stardist.write(SAMPLES, tmp_path / "out", seed=5)
    names = {part: {path.stem for path in (tmp_path / "out" / part / "images").iterdir()} for part in ("train", "test")}
    assert names["test"] == {"abcd"[i] for i in stardist.split(4, 5)}
    assert names["train"] == set("abcd") - names["test"]
    assert {one.name for one in stardist.read(tmp_path / "out", ["test"])} == names["test"]


def test_coco_fields(tmp_path):
    coco.write(SAMPLES, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "instances.json").read_text())
    assert content["images"][2] == {"id": 3, "file_name": "c.tif", "height": 12, "width": 5}
    first = content["annotations"][0]
    labels = SAMPLES[0].labels
    assert (first["iscrowd"], first["category_id"], first["label"]) == (0, 1, 1)
    assert first["area"] == int((labels == 1).sum())
    assert first["bbox"] == [1, 0, 3, 2]
    assert [one["id"] for one in content["annotations"]] == list(range(1, 7))


def coco_folder(folder, annotations, shape=(10, 12), **image):
    Image.fromarray(np.zeros(shape, np.uint8)).save(folder / "x.png")
    entry = {"id": 4, "file_name": "x.png", "height": shape[0], "width": shape[1]} | image
    (folder / "any.json").write_text(json.dumps({"images": [entry], "annotations": annotations, "categories": []}))
    return folder


def test_coco_polygons_and_lists_of_runs(tmp_path):
    square = [[2, 1, 6, 1, 6, 4, 2, 4]]
    two = [[8, 0, 10, 0, 10, 2, 8, 2], [8, 6, 10, 6, 10, 8, 8, 8]]
    runs = {"size": [10, 12], "counts": [0, 1, 119]}
    annotations = [
        {"id": i, "image_id": 4, "category_id": 1, "segmentation": one, "iscrowd": 0}
        for i, one in enumerate([square, two, runs])
    ]
    (back,) = coco.read(coco_folder(tmp_path, annotations))
    expected = np.zeros((10, 12))
    expected[1:4, 2:6] = 1
    expected[0:2, 8:10] = expected[6:8, 8:10] = 2
    expected[0, 0] = 3
    np.testing.assert_array_equal(back.labels, expected)
    assert back.known is None


@pytest.mark.parametrize(
    ("segmentation", "image", "message"),
    [
        ({"size": [10, 12], "counts": [5]}, {}, "120 pixels"),
        ({"size": [12, 10], "counts": [120]}, {}, "size"),
        ([[1, 2, 3]], {}, "cannot be read"),
        ([[1, 1, 3, 3, 1, 3]], {"height": 11}, "11 x 12 px"),
        ([[1, 1, 3, 3, 1, 3]], {"file_name": "y.png"}, "y.png"),
        ([[1, 1, 3, 3, 1, 3]], {"id": 5}, "image 4"),
    ],
)
def test_broken_coco_is_told(tmp_path, segmentation, image, message):
    annotations = [{"id": 1, "image_id": 4, "segmentation": segmentation}]
    with pytest.raises(UserError, match=message):
        list(coco.read(coco_folder(tmp_path, annotations, **image)))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": [{}], "annotations": []}'])
def test_json_that_is_no_coco_is_told(tmp_path, text):
    with pytest.raises(UserError):
        list(coco.read(tmp_path))
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=r"x\.json"):
        list(coco.read(tmp_path))
    with pytest.raises(UserError, match="does not exist"):
        list(coco.read(tmp_path / "nowhere"))
