import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.annotated import read_annotated
from particleforge.store.micrographs import read_micrograph, write_micrograph
from particleforge.store.pixel_sizes import read_pixel_size_nm, save_pixel_size_nm

SIDES = st.floats(1e-6, 1e6)


@given(st.tuples(SIDES, SIDES))
def test_what_is_saved_is_read(tmp_path_factory, size_nm):
    folder = tmp_path_factory.mktemp("sizes")
    save_pixel_size_nm(folder, "a", size_nm)
    assert read_pixel_size_nm(folder, "a") == size_nm
    assert read_pixel_size_nm(folder, "b") is None
    save_pixel_size_nm(folder, "a", None)
    assert read_pixel_size_nm(folder, "a") is None


def test_images_of_an_annotated_folder_have_the_size_they_were_given(tmp_path):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        for name in "ab":
            Image.fromarray(pixels // (1 if part == "images" else 60)).save(tmp_path / part / f"{name}.png")
    save_pixel_size_nm(tmp_path, "b", (1.5, 1.25))
    assert [sample.micrograph.pixel_size_nm for sample in read_annotated(tmp_path)] == [None, (1.5, 1.25)]


HUGE = f'{{"pixel_size_nm": [1{"0" * 350}, 1]}}'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1, 2]",
        '{"pixel_size_nm": [0, 1]}',
        '{"pixel_size_nm": [NaN, 1]}',
        "{1",
        f'{{"pixel_size_nm": [1{"0" * 350}, 1]}}',
    ],
)
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "scale").mkdir()
    (tmp_path / "scale" / "a.json").write_text(content)
    with pytest.raises(UserError, match=r"a\.json contains no pixel size") as caught:
        read_pixel_size_nm(tmp_path, "a")
    assert json.loads(caught.value.hint.split("read ")[1].split(" (")[0])


@pytest.fixture
def images(tmp_path):
    """Two TIFFs that state 2 nm, in the folder of images of an annotated folder."""
    (tmp_path / "images").mkdir()
    for name in "ab":
        pixels = np.zeros((8, 8), np.uint8)
        write_micrograph(tmp_path / "images" / f"{name}.tif", Micrograph(pixels, (2.0, 2.0), name=name))
    return tmp_path / "images"


def read(images, name="a"):
    micrograph = read_micrograph(images / f"{name}.tif")
    return micrograph.pixel_size_nm, " ".join(micrograph.all_remarks)


def test_the_pixel_size_of_the_panel_counts_instead_of_the_file(images):
    save_pixel_size_nm(images.parent, "a", (0.5, 0.5))
    assert read(images) == ((0.5, 0.5), "Pixel size 0.5 nm from scale/NAME.json. 2 nm from the image file is not used.")
    assert read(images, "b") == ((2, 2), "")


@pytest.mark.parametrize(
    "content",
    [
        "image,pixel_size\na.tif,0.5 nm\nc.tif,9 nm\n",
        "pixel_size;image\r\n0.5 nm;a\r\n\r\n",
        "image, pixel_size, mag\na, 5 angstrom, 100k\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "shift_jis"])
def test_a_table_gives_the_pixel_size_of_each_image(images, content, encoding):
    (images / "pixel_sizes.csv").write_bytes(content.encode(encoding))
    size, remark = read(images)
    assert size == pytest.approx((0.5, 0.5)) and "Pixel size 0.5 nm from pixel_sizes.csv." in remark
    assert read(images, "b") == ((2, 2), "")


def test_a_table_that_repeats_the_file_contradicts_nothing(images):
    (images / "pixel_sizes.csv").write_text("image,pixel_size\na,2.01 nm\n")
    assert read(images) == ((2.01, 2.01), "Pixel size 2.01 nm from pixel_sizes.csv.")


def test_given_sizes_that_disagree_are_not_used(images):
    save_pixel_size_nm(images.parent, "a", (0.5, 0.5))
    (images / "pixel_sizes.csv").write_text("image,pixel_size\na,0.6 nm\n")
    size, remark = read(images)
    assert size is None
    assert "so neither is used: 0.5 nm from scale/NAME.json, 0.6 nm from pixel_sizes.csv" in remark


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has the columns none"),
        ("name,size\na,1 nm\n", "has the columns name, size; it needs image and pixel_size"),
        ("image,pixel_size\na,0.5\n", "line 2: '0.5' is not a length"),
        ("image,pixel_size\nb,1 nm\na\n", "line 3: '' is not a length"),
    ],
)
def test_a_broken_table_is_named(images, content, words):
    (images / "pixel_sizes.csv").write_text(content)
    with pytest.raises(UserError, match=r"pixel_sizes\.csv") as caught:
        read(images)
    assert words in str(caught.value)
