import numpy as np
import pytest
import tifffile
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.store.annotated import read_annotated, save_annotation, write_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.files import sha256

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 255, (8, 9), np.uint8)
LABELS = np.zeros((8, 9), np.uint16)
LABELS[1:3, 1:4] = 5
LABELS[6:, 6:] = 6
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


def test_an_empty_background_folder_means_fully_annotated(tmp_path):
    (tmp_path / "background").mkdir()
    (sample,) = read_annotated(folder_with(tmp_path, images__a=IMAGE, labels__a=LABELS))
    assert sample.known is None


GOOD = {"images__a": IMAGE, "labels__a": LABELS}


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        ({"images__a": IMAGE}, "no folder labels/", "labels/NAME"),
        ({"labels__a": LABELS}, "no folder images/", "images/NAME"),
        (GOOD | {"images__b": IMAGE}, r"b\.png has no label image", "all-zero"),
        (GOOD | {"labels__b": LABELS}, r"b\.png has no matching image", "remove"),
        (GOOD | {"background__b": STROKES}, r"b\.png has no matching image", "remove"),
        (GOOD | {"labels__a": LABELS[1:]}, r"\(7, 9\).*\(8, 9\)", "cropped"),
        (GOOD | {"background__a": STROKES[1:]}, r"\(7, 9\).*\(8, 9\)", "cropped"),
        (GOOD | {"background__a": LABELS}, r"12 pixels .* label 5", "Erase"),
        ({"images__a": IMAGE, "labels__a": LABELS * 0}, "no particle", "one particle"),
        (GOOD | {"images__a": np.full((8, 9), 7, np.uint8)}, "all 72 pixels are 7", "export"),
        ({"images__a": IMAGE[:1, :1], "labels__a": LABELS[:1, :1]}, "1 x 1 px; the minimum is 2 px", "larger"),
    ],
)
def test_every_mistake_is_named_with_a_hint(tmp_path, files, message, hint):
    with pytest.raises(UserError, match=message) as caught:
        read_annotated(folder_with(tmp_path, **files))
    assert hint in caught.value.hint


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


def sample_of(labels=LABELS, known=None, name="a"):
    return Sample(Micrograph(IMAGE, (0.5, 0.5), "YX", name), labels.astype(np.uint32), known)


def test_saving_again_replaces_labels_and_strokes_and_nothing_else(tmp_path):
    source = tmp_path / "taken" / "a.png"
    source.parent.mkdir()
    Image.fromarray(IMAGE).save(source)
    before = sha256(source)
    folder = tmp_path / "folder"
    save_annotation(folder, sample_of(known=(LABELS > 0) | (STROKES > 0)), source)
    (first,) = read_annotated(folder)
    np.testing.assert_array_equal(first.background, STROKES > 0)
    save_annotation(folder, sample_of(LABELS * 3, LABELS > 5))
    (second,) = read_annotated(folder)
    np.testing.assert_array_equal(second.labels, LABELS * 3)
    assert not second.background.any()
    save_annotation(folder, sample_of())
    (third,) = read_annotated(folder)
    assert third.known is None
    assert sha256(source) == sha256(folder / "images" / "a.png") == before
    assert sorted(path.name for path in folder.rglob("*.*")) == ["a.png", "a.tif"]


def test_images_without_a_file_are_written_once(tmp_path):
    save_annotation(tmp_path, sample_of())
    save_annotation(tmp_path, sample_of(name="b"), tmp_path / "other_name.png")
    before = sha256(tmp_path / "images" / "a.tif")
    save_annotation(tmp_path, sample_of(LABELS * 2))
    assert sha256(tmp_path / "images" / "a.tif") == before
    one, two = read_annotated(tmp_path)
    assert (one.name, two.name, one.micrograph.pixel_size_nm) == ("a", "b", (0.5, 0.5))
    np.testing.assert_array_equal(one.labels, LABELS * 2)


def test_files_of_others_are_not_replaced(tmp_path):
    folder_with(tmp_path, images__a=IMAGE, labels__a=LABELS)
    before = {path: sha256(path) for path in tmp_path.rglob("*.png")}
    with pytest.raises(UserError, match=r"a\.png is in the way"):
        save_annotation(tmp_path, sample_of())
    with pytest.raises(UserError, match=r"\(8, 9\), but the annotated image has \(7, 9\)") as caught:
        save_annotation(tmp_path, Sample(Micrograph(IMAGE[1:], name="a"), LABELS[1:].astype(np.uint32)))
    assert "rename" in caught.value.hint
    with pytest.raises(UserError, match="file name"):
        save_annotation(tmp_path, sample_of(name="a/b"))
    assert {path: sha256(path) for path in tmp_path.rglob("*.*")} == before


def test_masks_are_labels_but_not_next_to_labels(tmp_path):
    folder_with(tmp_path, images__a=IMAGE, masks__a=LABELS)
    (sample,) = read_annotated(tmp_path)
    np.testing.assert_array_equal(sample.labels, LABELS)
    with pytest.raises(UserError, match="masks/ in place of labels/"):
        save_annotation(tmp_path, sample_of())
    folder_with(tmp_path, labels__a=LABELS)
    with pytest.raises(UserError, match="has labels/ and masks/; only one of them"):
        read_annotated(tmp_path)


def test_only_the_largest_piece_of_a_particle_counts(tmp_path):
    image = RNG.integers(0, 255, (40, 40), np.uint8)
    labels = np.zeros((40, 40), np.uint16)
    labels[2:12, 2:12], labels[20:30, 2:12], labels[20:30, 20:30] = 1, 2, 3
    labels[35, 35] = 1
    labels[35:40, 2:7] = 2
    (sample,) = read_annotated(folder_with(tmp_path, images__a=image, labels__a=labels))
    expected = labels.copy()
    expected[31:] = 0
    np.testing.assert_array_equal(sample.labels, expected)
    unknown = np.zeros((40, 40), bool)
    unknown[35:40, 2:7] = True  # a large piece may be a particle of its own; a stray pixel is background
    np.testing.assert_array_equal(sample.known, ~unknown)
    (remark,) = sample.micrograph.remarks
    assert remark.startswith("2 of 3 particles are in several pieces")


def test_datasets_are_annotated_images(tmp_path):
    samples = [sample_of(), sample_of(name="b")]
    dataset = Dataset.create(tmp_path / "a.zarr", 2, (8, 9), np.uint8, {})
    dataset.write_shard(0, samples)
    for back, sample in zip(read_annotated(tmp_path / "a.zarr"), samples, strict=True):
        assert back.fingerprint() == sample.fingerprint()
    spectra = Dataset.create(tmp_path / "b.zarr", 0, (8, 9), np.uint8, {}, schema=Schema(labels=False))
    with pytest.raises(UserError, match="has no images with labels"):
        read_annotated(spectra.path)
    large = Dataset.create(tmp_path / "c.zarr", 10**6, (4000, 4000), np.uint8, {})
    with pytest.raises(UserError, match=r"1000000 samples, which need \d+\.\d GiB") as caught:
        read_annotated(large.path)
    assert "train" in caught.value.hint
