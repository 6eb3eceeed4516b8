"""Pages, images and channels of files are selected by their numbers, in one way for all formats."""

import numpy as np
import pytest
import tifffile
from PIL import Image
from pydantic import ValidationError

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.annotated import read_annotated
from particleforge.store.labels import open_labels, write_labels
from particleforge.store.micrographs import open_source, read_micrograph
from particleforge.store.planes import find_planes
from particleforge.store.selection import Selection

GREY = np.arange(80, dtype=np.uint8).reshape(8, 10)
STACK = np.stack([GREY, GREY + 1, GREY + 2])


@pytest.fixture
def several(tmp_path):
    """A thumbnail, the image, the thumbnail again and an image of another width."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        for pixels in (GREY[:3, :4], GREY, GREY[:3, :4] + 1, GREY[:, :9]):
            tif.write(pixels, metadata=None, contiguous=False, photometric="minisblack")
    return path


def test_pages_are_those_of_the_file(several):
    for number, pixels in enumerate((GREY[:3, :4], GREY, GREY[:3, :4] + 1, GREY[:, :9]), start=1):
        found = read_micrograph(several, Selection(page=number))
        np.testing.assert_array_equal(found.pixels, pixels)
        assert found.remarks == (f"1 of 4 pages of the file read: number {number}.",) and found.name == "a"


def test_images_of_a_file_are_its_series(several):
    np.testing.assert_array_equal(read_micrograph(several).pixels, GREY)
    thumbnails = read_micrograph(several, Selection(series=1))
    np.testing.assert_array_equal(thumbnails.pixels, [GREY[:3, :4], GREY[:3, :4] + 1])
    assert thumbnails.remarks == ("1 of 3 images of the file read: number 1, 4 x 3 px.",)
    second = read_micrograph(several, Selection(series=1, page=2))
    np.testing.assert_array_equal(second.pixels, GREY[:3, :4] + 1)


@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"ome": True}])
def test_pages_of_a_stack_are_its_planes(tmp_path, options):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack", metadata={"axes": "ZYX"} if options else None, **options)
    (plane,) = find_planes(path, selection=Selection(page=3))
    np.testing.assert_array_equal(plane.read().pixels, STACK[2])
    assert (plane.name, plane.frame) == ("a", None)


def test_ome_series_have_their_own_scale(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        for width, size in [(10, 9.0), (10, 0.5), (9, 1.5)]:
            about = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size}
            about |= {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}
            tif.write(GREY[:, :width], metadata=about, photometric="minisblack")
    sizes = [read_micrograph(tmp_path / "a.ome.tif", Selection(series=number)).pixel_size_nm for number in (1, 2, 3)]
    assert sizes == [(9, 9), (0.5, 0.5), (1.5, 1.5)]
    pages = [read_micrograph(tmp_path / "a.ome.tif", Selection(page=number)).pixel_size_nm for number in (1, 2, 3)]
    assert pages == sizes


@pytest.mark.parametrize("axes", ["CYX", "YXC"])
def test_a_channel_is_a_grey_image(tmp_path, axes):
    channels = np.stack([GREY * 0, GREY, GREY + 3, GREY + 4, GREY + 5], axis=axes.index("C"))
    if axes == "YXC":
        path = tmp_path / "a.png"
        Image.fromarray(channels[..., :3]).save(path)
    else:
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, channels, ome=True, metadata={"axes": axes}, photometric="minisblack")
        with pytest.raises(UserError, match=r"5 channels.*--channel"):
            _ = read_micrograph(path).grey
    count = 3 if axes == "YXC" else 5
    found = read_micrograph(path, Selection(channel=2))
    np.testing.assert_array_equal(found.grey, GREY)
    assert found.all_remarks == (f"1 of {count} channels of the file read: number 2.",)


def test_a_channel_of_a_stack_is_a_stack(tmp_path):
    channels = np.stack([STACK, STACK + 9], axis=1)
    tifffile.imwrite(tmp_path / "a.tif", channels, imagej=True, metadata={"axes": "TCYX"})
    planes = list(find_planes(tmp_path / "a.tif", selection=Selection(channel=2)))
    assert [plane.name for plane in planes] == ["a_00000", "a_00001", "a_00002"]
    np.testing.assert_array_equal([plane.read().pixels for plane in planes], STACK + 9)
    both = read_micrograph(tmp_path / "a.tif", Selection(page=2, channel=1))
    np.testing.assert_array_equal(both.pixels, STACK[1])


def test_palettes_keep_their_numbers(tmp_path):
    colours = np.stack([np.arange(256)[::-1], np.zeros(256), np.arange(256)]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="palette", colormap=colours)
    found = open_labels(tmp_path / "a.tif", Selection(page=2))
    np.testing.assert_array_equal(found[0].read().pixels, STACK[1])
    red = open_source(tmp_path / "a.tif", Selection(page=2, channel=1))
    np.testing.assert_array_equal(red[0].read().pixels, 255 - STACK[1].astype(int))
    np.testing.assert_array_equal(red.as_stored[0].read().pixels, STACK[1])


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"page": 7}, "a.tif has 4 pages; there is no number 7. The first one is number 1."),
        ({"series": 4}, "a.tif has 3 images; there is no number 4."),
        ({"series": 2, "page": 2}, "a.tif has 1 page; there is no number 2."),
        ({"channel": 2}, "a.tif has 1 channel; there is no number 2."),
    ],
)
def test_numbers_that_are_not_there_are_named(several, selection, message):
    with pytest.raises(UserError, match=message.replace(".", r"\.")):
        open_source(several, Selection(**selection))
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Selection(**dict.fromkeys(selection, 0))


def test_arrays_and_micrographs_are_selected_from(several):
    (plane,) = find_planes(STACK, selection=Selection(page=2))
    np.testing.assert_array_equal(plane.read().pixels, STACK[1])
    (plane,) = find_planes(Micrograph(STACK, axes="CYX", name="b"), selection=Selection(channel=3))
    np.testing.assert_array_equal(plane.read().pixels, STACK[2])


def test_annotated_images_are_selected_from(tmp_path):
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", STACK, photometric="minisblack")
    write_labels(tmp_path / "labels" / "a.tif", GREY > 40)
    with pytest.raises(UserError, match="a stack"):
        read_annotated(tmp_path)
    (sample,) = read_annotated(tmp_path, Selection(page=3))
    np.testing.assert_array_equal(sample.micrograph.pixels, STACK[2])
