"""Files that hold less than they state are refused or remarked on, not read as black."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
import zarr

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source, read_micrograph

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


def test_more_planes_than_bytes_are_refused_at_once(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, GREY, ome=True, metadata={"axes": "YX"})
    stated = tifffile.tiffcomment(path)
    assert 'SizeT="1"' in stated
    tifffile.tiffcomment(path, stated.replace('SizeT="1"', 'SizeT="999999999"').encode())
    with pytest.raises(UserError, match=r"claims 999999999 planes, but has only \d+ bytes"):
        open_source(path)


def test_a_palette_that_is_missing_is_refused(tmp_path):
    path = tmp_path / "a.png"
    header = struct.pack(">IIBBBBB", 4, 4, 8, 3, 0, 0, 0)
    body = zlib.compress(bytes(5 * 4))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    with pytest.raises(UserError, match="cannot be read"):
        read_micrograph(path)


def test_missing_chunks_of_an_image_are_remarked_on(tmp_path):
    path = tmp_path / "a.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3)
    array = group.create_array("0", shape=(64, 64), chunks=(32, 32), dtype="uint16")
    array[:] = GREY + 1
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "yx"]
    scale = [{"type": "scale", "scale": [1.0, 1.0]}]
    multiscales = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
    assert open_source(path).remarks == ()
    next((path / "0").glob("c/1/1")).unlink()
    assert open_source(path).remarks == (f"{path}: 1 of 4 chunks are not stored; they are read as 0.",)
    axes.reverse()
    group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
    assert "names the axis x before y" in open_source(path).remarks[1]
