"""What is not read of a folder of images is counted."""

import numpy as np
import pytest
import tifffile

from particleforge.store.left_out import left_out, left_out_line, left_out_sentence


@pytest.fixture
def folder(tmp_path):
    """Two images with what may lie beside them."""
    for name in ("a.tif", "b_1.ome.tif"):
        tifffile.imwrite(tmp_path / name, np.zeros((4, 5), np.uint8))
    for name in ("x.xyz", "y.XYZ", "noted", "notes.txt"):
        (tmp_path / name).touch()
    for name in (".hidden.xyz", "a.txt", "a.tif.xml", "B_1.hdr", "b.emi", "Thumbs.db", "pixel_sizes.csv"):
        (tmp_path / name).touch()
    for name in ("more", "labels", "scale", "results", ".cache", "c.zarr"):
        (tmp_path / name).mkdir()
    (tmp_path / "results" / "run.yaml").touch()
    return tmp_path


COUNTS = {".txt": 1, ".xyz": 2, "no suffix": 1, "subfolders": 1}


@pytest.mark.parametrize("given", [str, lambda path: path, lambda path: [path, path / "a.tif", np.zeros((4, 4))]])
def test_files_and_subfolders_are_counted(folder, given):
    assert left_out(given(folder)) == COUNTS


def test_several_folders_are_taken_together(folder):
    (folder / "more" / "z.xyz").touch()
    assert left_out(folder, None, str(folder / "more"), folder) == COUNTS | {".xyz": 3}


def test_a_file_or_an_array_leaves_nothing_out(folder):
    assert left_out(folder / "a.tif", np.zeros((4, 4)), folder / "c.zarr", None) == {}
    assert left_out_line(folder / "a.tif") == {}


def test_the_sentence_names_each_kind(folder):
    said = "Not read: 1 .txt file, 2 .xyz files, 1 file without suffix, 1 subfolder."
    assert left_out_line(folder) == {"left_out": said}
    assert left_out_sentence({"subfolders": 2, "no suffix": 3}) == "Not read: 2 subfolders, 3 files without suffix."
