"""Files that hold less than they state are refused or remarked on, not read as black."""

import os
import shutil
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
import zarr

from particleforge.errors import UserError
from particleforge.store.image_files import image_paths
from particleforge.store.micrographs import open_source, read_micrograph
from particleforge.store.selection import Selection

GREY = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_lost_strips_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, rowsperstrip=16, compression="zlib")
    assert np.array_equal(read_micrograph(path).pixels, GREY)
    with tifffile.TiffFile(path, mode="r+") as tif:
        counts = list(tif.pages[0].databytecounts)
        tif.pages[0].tags["StripByteCounts"].overwrite([*counts[:2], 0, 0])
    with pytest.raises(UserError, match="2 of 4 strips are not in the file"):
        read_micrograph(path)


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, tile=(32, 32), compression="zlib")
    with tifffile.TiffFile(path) as tif:
        last = max(tif.pages[0].dataoffsets)
    path.write_bytes(path.read_bytes()[: last + 10])
    with pytest.raises(UserError, match=r"1 of 4 tiles are not in the file|cannot be read"):
        read_micrograph(path)


@pytest.mark.parametrize("planes", [4000, 999_999_999])
def test_more_planes_than_bytes_are_refused_at_once(tmp_path, planes):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, GREY, ome=True, metadata={"axes": "YX"})
    stated = tifffile.tiffcomment(path)
    assert 'SizeT="1"' in stated
    tifffile.tiffcomment(path, stated.replace('SizeT="1"', f'SizeT="{planes}"').encode())
    with pytest.raises(UserError, match=rf"claims {planes} planes, but has only \d+ bytes"):
        open_source(path)


def test_a_png_may_be_as_large_as_the_memory(tmp_path):
    def png(width, height):
        rows = zlib.compressobj(1)
        body = b"".join(rows.compress(bytes(width + 1)) for _ in range(4)) + rows.flush()
        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        (tmp_path / "a.png").write_bytes(start + chunk(b"IDAT", body) + chunk(b"IEND", b""))
        return tmp_path / "a.png"

    assert open_source(png(16_384, 12_288)).pixels.shape == (12_288, 16_384)
    with pytest.raises(UserError, match=r"2000000 x 2000000 pixels; measuring it needs about"):
        read_micrograph(png(2_000_000, 2_000_000))


def test_a_palette_that_is_missing_is_refused(tmp_path):
    path = tmp_path / "a.png"
    header = struct.pack(">IIBBBBB", 4, 4, 8, 3, 0, 0, 0)
    body = zlib.compress(bytes(5 * 4))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    with pytest.raises(UserError, match=r"cannot be read \(its palette is missing\)"):
        read_micrograph(path)


@pytest.fixture
def stored(tmp_path):
    """Write an OME-Zarr image of 1 file per 32 x 32 px and return it."""

    def write(pixels, axes="yx", **options):
        path = tmp_path / "a.ome.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=3)
        chunks = (1,) * (pixels.ndim - 2) + (32, 32)
        group.create_array("0", shape=pixels.shape, chunks=chunks, dtype=pixels.dtype, **options)[:] = pixels
        named = [{"name": name, "type": "space", "unit": "nanometer"} for name in axes]
        scale = [{"type": "scale", "scale": [1.0] * pixels.ndim}]
        multiscales = [{"axes": named, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
        group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
        return path

    return write


def test_missing_chunks_of_an_image_are_remarked_on(stored):
    path = stored(GREY + 1)
    assert open_source(path).remarks == ()
    next((path / "0").glob("c/1/1")).unlink()
    assert open_source(path).remarks == ("1 of 4 chunks of the image are not stored; they are read as 0.",)


def test_the_order_of_axes_is_remarked_on(stored):
    assert "names the axis x before y" in open_source(stored(GREY, "xy")).remarks[0]


def test_an_image_of_which_nothing_is_stored_is_refused(stored):
    path = stored(np.stack([GREY, GREY + 1, GREY]) + 1, "zyx")
    for chunk_file in (path / "0" / "c" / "1").rglob("*"):
        if chunk_file.is_file():
            chunk_file.unlink()
    source = open_source(path)
    np.testing.assert_array_equal(source[2].read().pixels, GREY + 1)
    with pytest.raises(UserError, match="nothing of this image is stored"):
        source[1].read()
    assert not source.as_stored[1].read().pixels.any()  # labels of an image without particles


@pytest.mark.parametrize("options", [{}, {"shards": (64, 64)}])
def test_empty_chunks_and_shards_are_refused(stored, options):
    path = stored(GREY + 1, **options)
    next(one for one in (path / "0" / "c").rglob("*") if one.is_file()).write_bytes(b"")
    with pytest.raises(UserError, match=r"1 of \d files with its chunks are empty"):
        open_source(path)


def test_images_inside_of_a_zarr_folder(stored):
    """As Bio-Formats writes them: groups 0, 1, ..."""
    inner = stored(GREY)
    path = inner.with_name("b.zarr")
    zarr.open_group(path, mode="w", zarr_format=3).attrs["ome"] = {"version": "0.5", "bioformats2raw.layout": 3}
    shutil.copytree(inner, path / "0")
    shutil.copytree(stored(GREY + 1), path / "1")
    assert open_source(path).remarks == ("1 of 2 images of the file read: number 1, 64 x 64.",)
    np.testing.assert_array_equal(open_source(path, Selection(series=2))[0].read().pixels, GREY + 1)
    (found,) = image_paths(path / "1")
    np.testing.assert_array_equal(open_source(found)[0].read().pixels, GREY + 1)
    with pytest.raises(UserError, match=r"is an array without axes or a scale. Give the OME-Zarr image: .*1\."):
        open_source(path / "1" / "0")


def test_pages_that_were_cut_off_are_remarked_on(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        for number in range(3):
            tif.write(GREY + number, contiguous=False, metadata=None)
    assert open_source(path).remarks == ()
    with tifffile.TiffFile(path) as tif:
        third = tif.pages[2].offset
    os.truncate(path, third - 10)
    source = open_source(path)
    assert source.remarks == ("The file was cut short: it holds 2 pages, and the next one lies beyond its end.",)
    np.testing.assert_array_equal(source[0].read().pixels, GREY)


def test_an_imagej_stack_that_was_cut_off_is_remarked_on(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([GREY] * 5), imagej=True)
    assert open_source(path).remarks == ()
    os.truncate(path, 20_000)
    source = open_source(path)
    assert source.remarks == ("The file was cut short: of its 5 images 1 can be read.",)
    np.testing.assert_array_equal(source[0].read().pixels, GREY)


def test_nothing_is_logged_on_the_console(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([GREY] * 5), imagej=True)
    os.truncate(path, 20_000)
    code = "import sys; from pathlib import Path; from particleforge.store.micrographs import read_micrograph\n"
    code += "read_micrograph(Path(sys.argv[1]))"
    found = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("", "")


def test_an_image_larger_than_the_memory_is_not_read(tmp_path):
    tifffile.memmap(tmp_path / "a.tif", shape=(1_000_000, 1_000_000), dtype=np.uint8, bigtiff=True).flush()
    with pytest.raises(UserError, match=r"1000000 x 1000000 pixels; measuring it needs about \d+\.\d GiB of memory"):
        read_micrograph(tmp_path / "a.tif")
