"""What becomes of statements that agree, disagree, or are not about a length."""

import numpy as np
import pytest
import tifffile

from particleforge.store.calibration import Statement, decoded, settle
from particleforge.store.micrographs import read_micrograph

ONE, SAME, OTHER = (Statement((side, side), f"tag {name}") for name, side in [("A", 2.0), ("B", 2.01), ("C", 3.0)])
BARE = Statement((3.0, 3.0), "the resolution tags", bare=True)
RECIPROCAL = Statement(None, "tag D", ("In 1/nm.",))


@pytest.mark.parametrize(
    ("statements", "size", "words"),
    [
        ([], None, None),
        ([ONE], 2, None),
        ([ONE, SAME], 2, None),
        ([BARE], 3, None),
        ([ONE, OTHER], None, "so neither is used: 2 nm from tag A, 3 nm from tag C"),
        ([BARE, ONE], 2, "2 nm from tag A is used, 3 nm from the resolution tags is not"),
        ([RECIPROCAL, BARE], None, "In 1/nm."),
        ([RECIPROCAL, ONE], 2, "In 1/nm."),
    ],
)
def test_statements_are_settled(statements, size, words):
    settled = settle(statements)
    assert settled.size_nm == (None if size is None else (size, size))
    assert [words in remark for remark in settled.remarks] == ([True] if words else [])


@pytest.mark.parametrize("side", [0.0, -1.0, float("nan"), float("inf")])
def test_sizes_that_cannot_be_are_not_used(side):
    assert settle([Statement((side, 1.0), "tag A"), BARE]).size_nm is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "shift_jis"])
def test_text_of_every_encoding(encoding):
    assert decoded("PixelSize=5\r\n試料".encode(encoding)).strip("\ufeff") == "PixelSize=5\r\n試料"


def test_two_tags_of_a_file_that_disagree(tmp_path):
    data = "\r\n".join(["0"] * 4 + ["AP_IMAGE_PIXEL_SIZE", "Image Pixel Size = 4.5 nm", ""]).encode("cp1252")
    tags = [(34118, "B", len(data), data, True), (65003, "s", 0, "nm", True), (65009, "d", 1, 9.0, True)]
    tags.append((65010, "d", 1, 9.0, True))
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8), metadata=None, extratags=tags)
    micrograph = read_micrograph(tmp_path / "a.tif")
    assert micrograph.pixel_size_nm is None
    assert "9 nm from tag 65009, 4.5 nm from Image Pixel Size (tag 34118)" in micrograph.all_remarks[0]
    assert micrograph.with_pixel_size(1.0).all_remarks == ()
