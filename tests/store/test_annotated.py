import numpy as np
import pytest
import tifffile
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.store.annotated import read_annotated, write_annotated
from particleforge.store.files import sha256

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 255, (8, 9), np.uint8)
LABELS = np.zeros((8, 9), np.uint16)
LABELS[1:3, 1:4] = 5
LABELS[6:, 6:] = 5
STROKES = np.zeros((8, 9), np.uint8)
STROKES[4] = 255


def folder_with(folder, **files):
    """Write arrays by ``part__name`` as PNG."""
    for key, array in files.items():
        part, name = key.split("__")
        (folder / part).mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(folder / part / f"{name}.png")
    return folder


def test_full_and_partial_annotation(tmp_path):
    folder = folder_with(
        tmp_path,
        images__a=IMAGE,
        labels__a=LABELS,
        background__a=STROKES,
        images__b=IMAGE,
        labels__b=LABELS * 0,
    )
    before = {path: sha256(path) for path in folder.rglob("*.png")}
    partial, full = read_annotated(folder)
    assert (partial.name, full.name) == ("a", "b")
    np.testing.assert_array_equal(partial.labels, LABELS)
    np.testing.assert_array_equal(partial.known, (LABELS > 0) | (STROKES > 0))
    np.testing.assert_array_equal(partial.background, STROKES > 0)
    assert full.known is None
    assert not full.labels.any()
    assert {path: sha256(path) for path in folder.rglob("*.png")} == before


def test_a_label_in_two_pieces_stays_one(tmp_path):
    (sample,) = read_annotated(folder_with(tmp_path, images__a=IMAGE, labels__a=LABELS))
    assert sorted(set(sample.labels.flat)) == [0, 5]


def test_an_empty_background_folder_means_fully_annotated(tmp_path):
    (tmp_path / "background").mkdir()
    (sample,) = read_annotated(folder_with(tmp_path, images__a=IMAGE, labels__a=LABELS))
    assert sample.known is None


GOOD = {"images__a": IMAGE, "labels__a": LABELS}


@pytest.mark.parametrize(
    ("files", "message", "way_out"),
    [
        ({"images__a": IMAGE}, "no folder labels/", "labels/NAME"),
        ({"labels__a": LABELS}, "no folder images/", "images/NAME"),
        (GOOD | {"images__b": IMAGE}, r"b\.png has no label image", "all-zero"),
        (GOOD | {"labels__b": LABELS}, r"b\.png belongs to no image", "remove"),
        (GOOD | {"background__b": STROKES}, r"b\.png belongs to no image", "remove"),
        (GOOD | {"labels__a": LABELS[1:]}, r"\(7, 9\).*\(8, 9\)", "cropped"),
        (GOOD | {"background__a": STROKES[1:]}, r"\(7, 9\).*\(8, 9\)", "cropped"),
        (GOOD | {"background__a": LABELS}, r"12 pixels .* label 5", "Erase"),
        ({"images__a": IMAGE, "labels__a": LABELS * 0}, "no particle", "one particle"),
        (GOOD | {"images__a": np.full((8, 9), 7, np.uint8)}, "all 72 pixels are 7", "export"),
        ({"images__a": IMAGE[:1, :1], "labels__a": LABELS[:1, :1]}, "1 x 1 px; 2 px", "larger"),
    ],
)
def test_every_mistake_is_named_with_a_way_out(tmp_path, files, message, way_out):
    with pytest.raises(UserError, match=message) as caught:
        read_annotated(folder_with(tmp_path, **files))
    assert way_out in caught.value.hint


@pytest.mark.parametrize(
    ("pixels", "message"),
    [(np.where(IMAGE > 250, np.nan, IMAGE.astype("f4")), "NaN"), (np.zeros((5, 8, 9), np.uint8), "stack")],
)
def test_images_that_are_no_flat_finite_image(tmp_path, pixels, message):
    folder_with(tmp_path, labels__a=LABELS)
    (tmp_path / "images").mkdir()
    if message == "NaN":
        pixels[0, 0] = np.nan
    tifffile.imwrite(tmp_path / "images" / "a.tif", pixels, photometric="minisblack")
    with pytest.raises(UserError, match=message):
        read_annotated(tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        read_annotated(tmp_path / "nowhere")


def test_written_folders_come_back(tmp_path):
    known = (LABELS > 0) | (STROKES > 0)
    samples = [
        Sample(Micrograph(IMAGE, (0.5, 0.5), "YX", "a"), LABELS.astype(np.uint32) * 100_000, known),
        Sample(Micrograph(IMAGE / 3, None, "YX", "b"), LABELS.astype(np.uint32) * 0),
        Sample(Micrograph(np.dstack([IMAGE] * 3), None, "YXC", "c"), LABELS.astype(np.uint32)),
    ]
    write_annotated(tmp_path / "new", samples)
    for sample, back in zip(samples, read_annotated(tmp_path / "new"), strict=True):
        assert (back.name, back.micrograph.axes) == (sample.name, sample.micrograph.axes)
        assert back.micrograph.pixel_size_nm == sample.micrograph.pixel_size_nm
        np.testing.assert_array_equal(back.micrograph.pixels, sample.micrograph.pixels)
        np.testing.assert_array_equal(back.labels, sample.labels)
        np.testing.assert_array_equal(back.background, sample.background)
    with pytest.raises(UserError, match="not empty"):
        write_annotated(tmp_path / "new", samples)
