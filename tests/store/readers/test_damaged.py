"""Damaged files of every format end as a sentence, or as planes; quickly, and without a word on the console."""

import json
import random
import struct
import warnings

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from particleforge.errors import UserError
from particleforge.store.memory import check_memory
from particleforge.store.planes import find_planes

GREY = np.random.default_rng(0).integers(0, 255, (50, 60), np.uint8)
NUMBERS = (-1, 0, 1, 65_536, 10**9, 2**31 - 1, -(2**31))
VALUES = (None, -1, 0, 1e308, "x", [], {}, True, 10**30, [1, 2, 3], float("nan"))


def tiff(path):
    about = {"axes": "TYX", "PhysicalSizeX": 2.0, "PhysicalSizeY": 2.0}
    tifffile.imwrite(path, np.stack([GREY, GREY]), ome=True, metadata=about, compression="zlib", rowsperstrip=8)


def imagej(path):
    tifffile.imwrite(path, np.stack([GREY, GREY]), imagej=True, metadata={"unit": "nm"}, resolution=(2, 2))


def pillow(path):
    Image.fromarray(GREY).save(path)


def mrc(path):
    header = bytearray(1024)
    struct.pack_into("<4i", header, 0, 60, 50, 2, 0)
    struct.pack_into("<3i3f", header, 28, 60, 50, 1, 600, 500, 1)
    path.write_bytes(bytes(header) + np.stack([GREY, GREY]).tobytes())


def ncem(path):
    with h5py.File(path, "w") as file:
        group = file.create_group("data/a")
        group.attrs["emd_group_type"] = 1
        group["data"] = GREY
        for number, (name, count) in enumerate((("y", 50), ("x", 60)), start=1):
            axis = group.create_dataset(f"dim{number}", data=np.arange(count) * 0.5)
            axis.attrs["name"], axis.attrs["units"] = name, "[n_m]"


def damaged(data, draw):
    """Bytes of a file that was cut, or in which something of the header or anything was changed."""
    found, header = bytearray(data), min(len(data), 2000) - 8
    match draw.randrange(4):
        case 0:
            del found[draw.randrange(len(found)) :]
        case 1:
            for _ in range(draw.randrange(1, 6)):
                found[draw.randrange(header)] = draw.randrange(256)
        case 2:
            struct.pack_into(draw.choice("<>") + "i", found, draw.randrange(header), draw.choice(NUMBERS))
        case _:
            at = draw.randrange(len(found))
            del found[at : at + draw.randrange(1, 200)]
    return bytes(found)


def read(path):
    """Read all planes as a measurement does; sentences are what a person may get."""
    try:
        for plane in find_planes(path):
            check_memory([plane], 90)
            _ = plane.read().grey_or_nan
    except UserError as error:
        assert "Traceback" not in str(error) and len(str(error)) < 2000


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.ome.tif", tiff),
        ("a.tif", imagej),
        ("a.png", pillow),
        ("a.jpg", pillow),
        ("a.bmp", pillow),
        ("a.mrc", mrc),
        ("a.emd", ncem),
    ],
)
def test_damaged_files_end_as_a_sentence(tmp_path, name, write, capfd):
    path = tmp_path / name
    write(path)
    data, draw = path.read_bytes(), random.Random(name)
    for _ in range(20):
        path.write_bytes(damaged(data, draw))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read(path)
    assert capfd.readouterr() == ("", "")


def test_damaged_descriptions_of_ome_zarr_end_as_a_sentence(tmp_path):
    path, draw = tmp_path / "a.ome.zarr", random.Random(1)
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", shape=GREY.shape, chunks=(32, 32), dtype="u1")[:] = GREY
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "yx"]
    scale = [{"type": "scale", "scale": [2.0, 2.0]}]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    for file in (path / ".zattrs", path / "0" / ".zarray"):
        text = file.read_text()
        for _ in range(25):
            described = json.loads(text)
            *outer, last = draw.choice(list(places(described)))
            inner = described
            for key in outer:
                inner = inner[key]
            inner[last] = draw.choice(VALUES)
            file.write_text(json.dumps(described))
            read(path)
        file.write_text(text)
    (plane,) = find_planes(path)
    assert plane.read().pixel_size_nm == (2, 2)


def places(described, outer=()):
    """Way to each value of nested data."""
    pairs = described.items() if isinstance(described, dict) else enumerate(described)
    for key, value in pairs:
        yield (*outer, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*outer, key))
