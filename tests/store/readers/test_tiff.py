"""Planes of TIFF stacks, read one by one, are those of the whole array."""

import os
import tempfile
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source, read_micrograph

ORDER = "TZYXC"
DTYPES = ["u1", "u2", "u4", "i2", "f4", ">u2", ">f4"]
CODECS = [None, "zlib", "lzw", "packbits"]


@st.composite
def stacks(draw):
    """An array, its axes in the order of the file, and how it is written."""
    leading = draw(st.lists(st.sampled_from("TZC"), unique=True, max_size=3))
    colours = draw(st.booleans()) and "C" not in leading
    axes = "".join(leading) + "YX" + "S" * colours
    shape = [draw(st.integers(2, 4)) for _ in leading] + [draw(st.integers(1, 9)), draw(st.integers(1, 9))]
    shape += [3] * colours
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    array = (np.arange(np.prod(shape)) % 251).reshape(shape).astype(dtype)
    options = {
        "photometric": "rgb" if colours else draw(st.sampled_from(["minisblack", "miniswhite"])),
        "compression": draw(st.sampled_from(CODECS)),
        "ome": draw(st.booleans()),
        "metadata": {"axes": axes},
        "byteorder": draw(st.sampled_from("<>")),
    }
    if draw(st.booleans()):
        options["tile"] = (16, 16)
    return array, axes, options


@settings(max_examples=150, deadline=None)
@given(stacks())
def test_plane_i_is_plane_i_of_the_array(stack):
    array, axes, options = stack
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / ("a.ome.tif" if options["ome"] else "a.tif")
        tifffile.imwrite(path, array, **options)
        source = open_source(path)
        named = axes.replace("S", "C")
        order = [named.index(axis) for axis in ORDER if axis in named]
        # axes that are 1 pixel long stay; leading ones are 2 at least
        expected = array.transpose(order)
        narrow = array.dtype.kind == "u" and array.dtype.itemsize <= 2
        if options["photometric"] == "miniswhite" and narrow:
            expected = ~expected
        sides = 3 if "C" in named else 2
        planes = expected.reshape(-1, *expected.shape[-sides:])
        if options["photometric"] == "miniswhite" and not narrow:
            planes = [_inverted(plane, pages="C" in axes) for plane in planes]
        assert source.axes == "".join(named[i] for i in order)
        assert len(source) == len(planes)
        for plane, pixels in zip(source, planes, strict=True):
            read = plane.read()
            assert read.pixels.dtype == pixels.dtype.newbyteorder("=")
            np.testing.assert_array_equal(read.pixels, pixels)
        np.testing.assert_array_equal(read_micrograph(path).pixels, np.reshape(np.stack(list(planes)), expected.shape))


def _inverted(plane, pages):
    """White-is-zero of numbers without a largest one, page by page."""
    return ~plane if plane.dtype.kind == "b" else plane.max((0, 1) if pages else None) - plane


def test_names_and_places_count_over_time_and_depth(tmp_path):
    array = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    metadata = {"axes": "TZYX", "unit": "nm", "finterval": 0.5}
    tifffile.imwrite(tmp_path / "run.tif", array, imagej=True, resolution=(2, 2), metadata=metadata)
    source = open_source(tmp_path / "run.tif")
    assert source.lengths == {"t": 2, "z": 3} and len(source) == 6
    plane = source[4]
    assert (plane.name, plane.frame, plane.index, plane.time_s) == ("run_00004", 4, {"t": 1, "z": 1}, 0.5)
    assert plane.read().pixel_size_nm == (0.5, 0.5)
    assert [one.number for one in source[-2:]] == [4, 5]
    with pytest.raises(IndexError):
        source[6]


def test_a_single_image_has_its_own_name(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8))
    (plane,) = open_source(tmp_path / "a.tif")
    assert (plane.name, plane.frame, plane.index, plane.time_s) == ("a", None, {}, None)


@pytest.mark.parametrize(("unit", "seconds"), [("s", 2), ("ms", 0.002), ("min", 120), ("furlong", None)])
def test_ome_says_the_time_between_images(tmp_path, unit, seconds):
    metadata = {"axes": "TYX", "TimeIncrement": 2.0, "TimeIncrementUnit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((3, 4, 5), np.uint8), ome=True, metadata=metadata)
    assert open_source(tmp_path / "a.ome.tif")[2].time_s == (None if seconds is None else pytest.approx(2 * seconds))


@pytest.mark.parametrize("codec", [None, "zlib"])
def test_one_plane_is_read_without_the_others(tmp_path, codec, monkeypatch):
    """Bytes read from the file are those of one page and of the headers."""
    array = np.random.default_rng(0).integers(0, 255, (60, 128, 128), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", array, compression=codec, photometric="minisblack")
    read = [0]

    class Counting(tifffile.FileHandle):
        def read(self, size=-1, /):
            found = super().read(size)
            read[0] += len(found)
            return found

        def readinto(self, buffer, /):
            read[0] += memoryview(buffer).nbytes
            return super().readinto(buffer)

        def read_array(self, dtype, count=-1, *args, **kwargs):
            read[0] += np.dtype(dtype).itemsize * count
            return super().read_array(dtype, count, *args, **kwargs)

    def mapped(*args):
        found = memmap(*args)
        read[0] += found.nbytes
        return found

    memmap = np.memmap
    monkeypatch.setattr(np, "memmap", mapped)
    monkeypatch.setattr(tifffile.tifffile, "FileHandle", Counting)
    source = open_source(tmp_path / "a.tif")
    np.testing.assert_array_equal(source[37].read().pixels, array[37])
    assert array[0].nbytes * 0.9 < read[0] < array[0].nbytes * 4


def test_a_plane_of_a_large_stack_takes_the_memory_of_a_plane(tmp_path):
    """ImageJ's large stacks: one page that stands for all, here most of it a hole in the file."""
    path, planes, page = tmp_path / "a.tif", 4096, 2 * 512**2
    about = f"ImageJ=1.11a\nimages={planes}\nframes={planes}\nhyperstack=true\n"
    tifffile.imwrite(path, np.zeros((512, 512), ">u2"), byteorder=">", description=about, metadata=None)
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages.first.dataoffsets[0]
    with path.open("r+b") as file:
        file.truncate(offset + planes * page)
        file.seek(offset + 3456 * page)
        file.write(np.full(512**2, 7, ">u2").tobytes())
    tracemalloc.start()
    try:
        source = open_source(path)
        assert len(source) == planes and source.pixels.nbytes == planes * page == 2 * 2**30
        assert (source[3456].read().pixels == 7).all() and not source[3455].read().pixels.any()
        assert tracemalloc.get_traced_memory()[1] < 8 * page
    finally:
        tracemalloc.stop()


def test_pages_that_are_missing_are_refused(tmp_path):
    """OME-TIFF may leave out planes, or have them in other files."""
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.ones((2, 4, 5), np.uint8), ome=True, metadata={"axes": "TYX"}, contiguous=False)
    with tifffile.TiffFile(path, mode="r+b") as tif:
        text = tif.pages.first.tags["ImageDescription"].value
        tif.pages.first.tags["ImageDescription"].overwrite(text.replace('SizeT="2"', 'SizeT="4"'))
    source = open_source(path)
    assert len(source) == 4 and source[1].read().pixels.all()
    with pytest.raises(UserError, match=r"a\.ome\.tif cannot be read \(plane 3 is not in the file\)"):
        source[3].read()


def test_a_stack_that_was_cut_off_is_refused_where_it_ends(tmp_path):
    path = tmp_path / "a.tif"
    array = np.random.default_rng(0).integers(0, 255, (4, 64, 64), np.uint8)
    with tifffile.TiffWriter(path) as tif:
        for page in array:
            tif.write(page, photometric="minisblack", contiguous=False, metadata=None)
    source = open_source(path)
    os.truncate(path, path.stat().st_size - 3000)
    np.testing.assert_array_equal(source[0].read().pixels, array[0])
    with pytest.raises(UserError, match=r"a\.tif cannot be read"):
        source[3].read()


def test_palettes_and_stored_numbers_of_a_stack(tmp_path):
    numbers = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    colours = np.stack([np.arange(256)[::-1], np.zeros(256), np.arange(256)]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="palette", colormap=colours)
    source = open_source(tmp_path / "a.tif")
    assert source.axes == "TYXC" and source.as_stored.axes == "TYX"
    np.testing.assert_array_equal(source[1].read().pixels, np.stack([255 - numbers[1], numbers[1] * 0, numbers[1]], -1))
    np.testing.assert_array_equal(source.as_stored[1].read().pixels, numbers[1])
    assert source.as_stored[1].name == "a_00001"
