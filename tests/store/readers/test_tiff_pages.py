"""The main image of a TIFF, its colours, and what is remarked on them."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source, read_micrograph

GREY = np.arange(80, dtype=np.uint8).reshape(8, 10)


def pages(path, *images, **options):
    with tifffile.TiffWriter(path) as tif:
        for pixels, tags in images:
            tif.write(pixels, metadata=None, contiguous=False, extratags=tags, **options)


def test_a_thumbnail_is_not_the_image(tmp_path):
    pages(tmp_path / "a.tif", (GREY[:4, :5], ()), (GREY, ()), photometric="minisblack")
    micrograph = read_micrograph(tmp_path / "a.tif")
    np.testing.assert_array_equal(micrograph.pixels, GREY)
    assert micrograph.all_remarks == ("1 of 2 images of the file read: number 2, 10 x 8 px.",)


def test_the_scale_of_a_thumbnail_is_not_that_of_the_image(tmp_path):
    options = {"photometric": "minisblack", "metadata": None, "resolutionunit": "centimeter"}
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(GREY[:4, :5], resolution=(1e6, 1e6), **options)
        tif.write(GREY, resolution=(2e6, 2e6), **options)
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx((5, 5))


def test_the_first_of_several_ome_images_is_read_with_its_own_scale(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        for width, size in [(2, 9.0), (10, 0.5), (9, 1.5)]:
            about = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size}
            about |= {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}
            tif.write(GREY[:, :width], metadata=about, photometric="minisblack")
    micrograph = read_micrograph(tmp_path / "a.ome.tif")
    assert micrograph.pixel_size_nm == (0.5, 0.5)
    assert micrograph.all_remarks == ("1 of 3 images of the file read: number 2, 10 x 8 px.",)


def sis(side, offset):
    """Block of Olympus SIS at an offset in a file: a pixel size in units of 1e-9 m."""
    head = struct.pack("<4s6xhhhhh6x32sH", b"SIS0", 0, 0, 1, 0, 118, b"", 1)
    entry = struct.pack("<hhI", 1, 1, offset + len(head) + 8)
    return head + entry + struct.pack("<10xhdd8xd2x34s32s", -9, side, side, 1e5, b"", b"")


def test_of_two_equal_images_the_one_with_the_data_is_read(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(np.dstack([GREY] * 3), photometric="rgb", metadata=None)
        tag = (33560, "I", 1, 8, True)
        tif.write(GREY.astype(np.uint16) * 200, photometric="minisblack", metadata=None, extratags=[tag])
    end = path.stat().st_size
    with path.open("ab") as file:
        file.write(sis(0.25, end))
    with tifffile.TiffFile(path) as tif:
        where = tif.pages[1].tags[33560].offset + 8
    with path.open("r+b") as file:
        file.seek(where)
        file.write(struct.pack("<I", end))
    source = open_source(path)
    assert source.axes == "YX" and source.pixels.dtype == np.uint16
    assert source.remarks == ("1 of 2 images of the file read: number 2, 10 x 8 px.",)
    assert source.pixel_size_nm == pytest.approx((0.25, 0.25))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_inks_become_light(tmp_path, dtype):
    most = np.iinfo(dtype).max
    light = (GREY.astype(np.float64) / 255 * most).astype(dtype)
    colour = np.stack([most - light, most - light, most - light, light * 0], -1)
    tifffile.imwrite(tmp_path / "a.tif", colour, photometric="separated", metadata=None)
    micrograph = read_micrograph(tmp_path / "a.tif")
    np.testing.assert_array_equal(micrograph.pixels, np.stack([light] * 3, -1))
    black = np.stack([light * 0] * 3 + [most - light], -1)
    tifffile.imwrite(tmp_path / "b.tif", black, photometric="separated", metadata=None)
    np.testing.assert_array_equal(read_micrograph(tmp_path / "b.tif").pixels, np.stack([light] * 3, -1))


def test_colours_that_are_not_known_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.dstack([GREY] * 3), photometric="cielab", metadata=None)
    with pytest.raises(UserError, match=r"a\.tif has CIELAB colours, which cannot be read\. Save it as a grey image"):
        read_micrograph(tmp_path / "a.tif")


def test_colours_and_alpha_are_remarked(tmp_path):
    for name, bands, remarks in [
        ("grey", [GREY, GREY, GREY], []),
        ("colour", [GREY, GREY, GREY // 2], ["luminance (Rec. 709)"]),
        ("opaque", [GREY, GREY, GREY, GREY * 0 + 255], []),
        ("clear", [GREY, GREY, GREY, GREY], ["Channel 4 of 4"]),
        ("two", [GREY, GREY], ["Channel 2 of 2"]),
    ]:
        Image.fromarray(np.dstack(bands)).save(tmp_path / f"{name}.png")
        found = read_micrograph(tmp_path / f"{name}.png").all_remarks
        assert [words in remark for words, remark in zip(remarks, found, strict=True)] == [True] * len(remarks), name


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_orientation_is_remarked_and_not_applied(tmp_path, suffix):
    exif = Image.Exif()
    exif[274] = 6
    options = {"tiffinfo": {274: 6}} if suffix == ".tif" else {"exif": exif}
    Image.fromarray(GREY).save(tmp_path / f"a{suffix}", **options)
    micrograph = read_micrograph(tmp_path / f"a{suffix}")
    assert micrograph.shape == GREY.shape
    assert "not turned as its orientation tag (6) asks" in micrograph.all_remarks[0]
