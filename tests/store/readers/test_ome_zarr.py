"""Planes of OME-Zarr images are read one by one."""

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore

from particleforge.store.micrographs import open_source


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "tzyx", "tczyx"])
def test_only_the_chunks_of_a_plane_are_read(tmp_path, version, axes, monkeypatch):
    sizes = {"t": 3, "c": 2, "z": 4, "y": 6, "x": 5}
    array = np.arange(np.prod([sizes[axis] for axis in axes])).reshape([sizes[axis] for axis in axes]).astype("u2") + 1
    path = tmp_path / "a.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    chunks = [1 if axis in "tcz" else sizes[axis] for axis in axes]
    group.create_array("0", data=array, chunks=chunks)
    units = {"t": "millisecond", "y": "nanometer", "x": "nanometer"}
    scale = [{"t": 500.0, "y": 3.0, "x": 2.0}.get(axis, 1.0) for axis in axes]
    about = [
        {
            "axes": [{"name": axis} | ({"unit": units[axis]} if axis in units else {}) for axis in axes],
            "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}],
        }
    ]
    group.attrs.update({"multiscales": about} if version == "0.4" else {"ome": {"multiscales": about}})

    source = open_source(path)
    lengths = {axis: sizes[axis] for axis in "tz" if axis in axes}
    assert source.lengths == lengths and source.pixel_size_nm == (3.0, 2.0)
    fetched = []
    get = LocalStore.get

    async def counted(self, key, *args, **kwargs):
        fetched.append(key)
        return await get(self, key, *args, **kwargs)

    monkeypatch.setattr(LocalStore, "get", counted)
    plane = source[len(source) - 2]
    pixels = plane.read().pixels
    here = [plane.index.get(axis, slice(None)) for axis in axes]
    expected = array[tuple(here)]
    np.testing.assert_array_equal(pixels, np.moveaxis(expected, 0, -1) if "c" in axes else expected)
    assert len([key for key in fetched if not key.endswith(("json", ".zarray", ".zattrs", ".zgroup"))]) == (
        2 if "c" in axes else 1
    )
    assert plane.time_s == (plane.index["t"] * 0.5 if "t" in axes else None)


@pytest.mark.parametrize(
    ("unit", "steps", "size"),
    [
        ("nanometer", [[2.0, 3.0]], (2, 3)),
        ("nanometer", [[2.0, 3.0], [0.5, 0.5]], (1, 1.5)),
        ("nanometer", [], None),
        ("nanometer", [[0.0, 1.0]], None),
        ("nanometer", [[-2.0, 2.0]], None),
        ("furlong", [[2.0, 2.0]], None),
        ("pixel", [[2.0, 2.0]], None),
        (None, [[2.0, 2.0]], None),
    ],
)
def test_a_scale_and_a_unit_of_length_give_the_pixel_size(tmp_path, unit, steps, size):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("0", shape=(4, 5), chunks=(4, 5), dtype="u1")[:] = 1
    axes = [{"name": name, "type": "space"} | ({"unit": unit} if unit else {}) for name in "yx"]
    first, whole = ([{"type": "scale", "scale": one} for one in part] for part in (steps[:1], steps[1:]))
    dataset = {"path": "0", "coordinateTransformations": first}
    scale = {"axes": axes, "datasets": [dataset], "coordinateTransformations": whole}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [scale]}
    assert open_source(tmp_path / "a.zarr").pixel_size_nm == size
