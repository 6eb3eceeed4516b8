import errno

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from particleforge.errors import UserError
from particleforge.store.files import sha256
from particleforge.store.labels import border_ids, read_labels, write_labels

IDS = np.array([[0, 1, 1], [0, 7, 0]])


@pytest.mark.parametrize("dtype", ["bool", *(f"{s}int{b}" for s in ("", "u") for b in (8, 16, 32, 64)), "f4", "f8"])
def test_every_type_of_whole_numbers_is_read(tmp_path, dtype):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, IDS.astype(dtype), photometric="minisblack")
    before = sha256(path)
    labels = read_labels(path)
    assert labels.dtype == np.uint32
    np.testing.assert_array_equal(labels, IDS.astype(dtype).astype(int))
    assert sha256(path) == before


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16"])
def test_png_is_read(tmp_path, mode):
    if mode == "P":
        image = Image.fromarray(IDS.astype(np.uint8), "L").convert("P")
        image.putpalette([255, 0, 0] * 256)
    else:
        image = Image.fromarray(IDS.astype({"1": bool, "L": np.uint8, "I;16": np.uint16}[mode]))
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), IDS > 0 if mode == "1" else IDS)


@pytest.mark.parametrize("largest", [255, 65535, 65536, 70_001, 2**32 - 1])
def test_ids_never_wrap(tmp_path, largest):
    labels = np.array([[0, largest]], np.uint32)
    write_labels(tmp_path / "a.tif", labels)
    assert read_labels(tmp_path / "a.tif").tolist() == [[0, largest]]
    write_labels(tmp_path / "b.tif", labels, narrow=True)
    assert read_labels(tmp_path / "b.tif").tolist() == [[0, largest]]
    assert tifffile.imread(tmp_path / "b.tif").dtype == (np.uint16 if largest < 65536 else np.uint32)


@pytest.mark.parametrize(
    ("pixels", "value"),
    [
        (np.array([[0, -1]], np.int16), "-1"),
        (np.array([[0, 2**32]], np.uint64), "4294967296"),
        (np.array([[0, 1.5]], np.float32), "1.5"),
        (np.array([[0, np.nan]], np.float32), "nan"),
        (np.zeros((4, 5, 6), np.uint8), "stack"),
        (np.zeros((4, 5, 3), np.uint8), "colour"),
    ],
)
def test_what_is_no_label_image_is_named(tmp_path, pixels, value):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb" if pixels.shape[-1] == 3 else "minisblack")
    with pytest.raises(UserError, match=value) as caught:
        read_labels(path)
    assert "a.tif" in caught.value.message
    assert caught.value.hint


def test_colour_png_is_refused(tmp_path):
    Image.fromarray(np.zeros((3, 4, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="colour"):
        read_labels(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg"])
def test_missing_broken_and_foreign_files_are_told(tmp_path, name):
    with pytest.raises(UserError, match="does not exist"):
        read_labels(tmp_path / name)
    (tmp_path / name).write_bytes(b"II*\0nothing of use")
    with pytest.raises(UserError, match=name):
        read_labels(tmp_path / name)


def test_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tifffile.FileHandle, "write", full)
    with pytest.raises(UserError, match="disk is full"):
        write_labels(tmp_path / "a.tif", IDS)
    assert list(tmp_path.iterdir()) == []


@given(arrays(np.uint32, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_round_trip_is_exact(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("labels") / "a.tif"
    write_labels(path, labels)
    np.testing.assert_array_equal(read_labels(path), labels)


@given(arrays(np.uint32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 5)))
def test_border_ids_are_those_the_inside_frame_lacks(labels):
    frame = np.ones(labels.shape, bool)
    frame[1:-1, 1:-1] = False
    assert border_ids(labels).tolist() == sorted(set(labels[frame].tolist()) - {0})
