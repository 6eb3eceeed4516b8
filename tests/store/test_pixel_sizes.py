import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from particleforge.errors import UserError
from particleforge.store.annotated import read_annotated
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


@pytest.mark.parametrize(
    "content", ["", "{}", "[1, 2]", '{"pixel_size_nm": [0, 1]}', '{"pixel_size_nm": [NaN, 1]}', "{1"]
)
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "scale").mkdir()
    (tmp_path / "scale" / "a.json").write_text(content)
    with pytest.raises(UserError, match=r"a\.json contains no pixel size") as caught:
        read_pixel_size_nm(tmp_path, "a")
    assert json.loads(caught.value.hint.split("read ")[1].split(" (")[0])
