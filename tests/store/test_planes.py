"""Files, folders, stacks and arrays are gone over in the same way."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.labels import open_labels
from particleforge.store.planes import described, find_planes
from particleforge.store.source import Source

STACK = np.arange(3 * 6 * 7, dtype=np.uint16).reshape(3, 6, 7)


@pytest.fixture
def folder(tmp_path):
    """A single image, a stack and a broken file."""
    Image.fromarray(STACK[0].astype(np.uint8)).save(tmp_path / "b.png")
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack")
    (tmp_path / "c.tif").write_bytes(b"II*\0nothing")
    return tmp_path


def test_a_folder_is_the_planes_of_its_files(folder):
    planes = find_planes(folder)
    found = list(planes)
    assert len(planes) == len(found) == 5
    assert [plane.name for plane in found] == ["a_00000", "a_00001", "a_00002", "b", "c"]
    assert planes.names == [plane.name for plane in found]
    assert [plane.columns for plane in found] == [{"frame": 0}, {"frame": 1}, {"frame": 2}, {}, {}]
    np.testing.assert_array_equal(found[1].read().pixels, STACK[1])
    with pytest.raises(UserError, match=r"c\.tif cannot be read"):
        found[4].read()


@pytest.mark.parametrize("given", [str, lambda path: path, lambda path: [path]])
def test_a_file_is_its_planes(folder, given):
    assert [plane.name for plane in find_planes(given(folder / "b.png"))] == ["b"]
    assert len(find_planes(given(folder / "a.tif"))) == 3


@pytest.mark.parametrize(
    ("array", "names", "axes"),
    [
        (STACK[0], ["image"], "YX"),
        (STACK, ["image_00000", "image_00001", "image_00002"], "YX"),
        (np.zeros((6, 7, 3), np.uint8), ["image"], "YXC"),
        (np.zeros((2, 6, 7, 4), np.uint8), ["image_00000", "image_00001"], "YXC"),
        ([STACK[0], STACK[1]], ["image_00000", "image_00001"], "YX"),
        (Micrograph(STACK, axes="ZYX", name="deep"), ["deep_00000", "deep_00001", "deep_00002"], "YX"),
        (Source.of(STACK[:, None], "ZTYX", name="s"), ["s_00000", "s_00001", "s_00002"], "YX"),
        ([Micrograph(STACK[0], name="x"), STACK[1]], ["x", "image_00001"], "YX"),
    ],
)
def test_arrays_are_their_planes(array, names, axes):
    planes = list(find_planes(array))
    assert [plane.name for plane in planes] == names
    assert {plane.read().axes for plane in planes} == {axes}


@pytest.mark.parametrize("array", [np.zeros(5), np.zeros((2, 2, 5, 5)), np.zeros((5, 5), complex)])
def test_arrays_whose_axes_are_not_known_are_refused(array):
    with pytest.raises(UserError, match="is not an image") as caught:
        find_planes(array)
    assert "axes=" in caught.value.hint


def test_names_are_given_once(folder):
    tifffile.imwrite(folder / "a_00001.tif", STACK[0])
    with pytest.raises(UserError, match="Two images are called a_00001"):
        find_planes(folder)
    with pytest.raises(UserError, match="Two images are called b"):
        find_planes([folder / "b.png", folder / "b.png"])


def test_files_are_opened_when_their_turn_comes(folder):
    opened = []

    def open_file(path, selection):
        opened.append(path.name)
        return open_labels(path, selection)

    planes = find_planes(folder, open_file)
    opened.clear()
    going = iter(planes)
    assert [next(going).name for _ in range(4)] == ["a_00000", "a_00001", "a_00002", "b"]
    assert opened == ["a.tif", "b.png"]
    assert planes.get("b").read().shape == (6, 7) and opened == ["a.tif", "b.png"]


def test_nothing_is_an_error(tmp_path):
    with pytest.raises(UserError, match="contains no images"):
        find_planes(tmp_path)
    with pytest.raises(UserError, match="image contains no image"):
        find_planes(np.zeros((0, 4, 5)))


def test_what_was_given_is_described_as_plain_data(tmp_path):
    given = [tmp_path, "b", STACK, Micrograph(STACK[0], name="m"), Source.of(STACK, "TYX", name="s")]
    assert described(given) == [
        str(tmp_path),
        "b",
        "array, 3 x 6 x 7 uint16",
        "m, 6 x 7 uint16",
        "s, 3 x 6 x 7 uint16",
    ]
    assert described(None) is None and described("a") == "a"


def test_a_stack_that_became_shorter_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((8, 8), np.uint8))
    planes = find_planes(tmp_path)
    planes.get("b")
    (tmp_path / "a.tif").unlink()
    with pytest.raises(UserError, match="a_00002 is no longer there"):
        planes.get("a_00002")


def test_no_image_at_all_is_refused():
    with pytest.raises(UserError, match="There is no image"):
        find_planes([])
