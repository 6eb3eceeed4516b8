"""Windows of planes: the same pixels as the whole plane, without reading the rest."""

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from particleforge.store.micrographs import open_source
from particleforge.store.pixels import LazyPixels, Pages
from particleforge.store.source import Source

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 2**16, (70, 50), dtype=np.uint16)
STACK = RNG.integers(0, 2**16, (3, 70, 50), dtype=np.uint16)
COLOUR = RNG.integers(0, 255, (70, 50, 3), dtype=np.uint8)
PALETTE = RNG.integers(0, 2**16, (3, 256), dtype=np.uint16)
TIFFS = {
    "plain": (GREY, {}),
    "tiled": (GREY, {"tile": (16, 32)}),
    "tiled_deflated": (GREY, {"tile": (16, 16), "compression": "zlib", "predictor": True}),
    "striped": (GREY, {"rowsperstrip": 7, "compression": "zlib"}),
    "one_strip": (GREY, {"rowsperstrip": 70, "compression": "zlib"}),
    "big": (GREY, {"tile": (16, 16), "bigtiff": True}),
    "big_endian": (GREY, {"byteorder": ">"}),
    "big_endian_tiled": (GREY, {"byteorder": ">", "tile": (16, 16)}),
    "stack": (STACK, {"photometric": "minisblack"}),
    "stack_of_tiles": (STACK, {"photometric": "minisblack", "tile": (16, 16), "compression": "zlib"}),
    "colour": (COLOUR, {"photometric": "rgb", "tile": (32, 32)}),
    "colour_strips": (COLOUR, {"photometric": "rgb", "rowsperstrip": 9, "compression": "zlib"}),
    "planar": (COLOUR.transpose(2, 0, 1), {"photometric": "rgb", "planarconfig": "separate", "tile": (16, 16)}),
    "palette": (COLOUR[..., 0], {"photometric": "palette", "colormap": PALETTE, "tile": (16, 16)}),
    "white_is_zero": (GREY, {"photometric": "miniswhite", "tile": (16, 16)}),
    "inks": (np.dstack([COLOUR, COLOUR[..., :1]]), {"photometric": "separated", "rowsperstrip": 9}),
}
slices = st.builds(slice, st.integers(0, 70), st.integers(1, 90))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Each image in a file of its own, by its name."""
    folder = tmp_path_factory.mktemp("windows")
    for name, (pixels, options) in TIFFS.items():
        tifffile.imwrite(folder / f"{name}.tif", pixels, **options)
    tifffile.imwrite(folder / "stack_ome.ome.tif", STACK[:, None], metadata={"axes": "TCYX"}, tile=(16, 16))
    Image.fromarray(COLOUR).save(folder / "colour_png.png")
    array = zarr.create_array(folder / "zarr.zarr" / "0", shape=(3, 70, 50), chunks=(1, 16, 16), dtype="u2")
    array[:] = STACK
    group = zarr.open_group(folder / "zarr.zarr")
    scale = {"datasets": [{"path": "0"}], "axes": [{"name": name} for name in "tyx"]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [scale]}
    return {path.name.partition(".")[0]: path for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", [*TIFFS, "stack_ome", "colour_png", "zarr"])
def test_a_window_is_that_part_of_the_plane(files, name):
    source = open_source(files[name])
    plane = source[len(source) - 1]
    whole = plane.read()
    assert plane.shape == whole.shape == (70, 50)

    @settings(max_examples=12, deadline=None)
    @given(slices, slices)
    def check(rows, columns):
        part = plane.window(rows, columns)
        np.testing.assert_array_equal(part.pixels, whole.pixels[rows, columns])
        assert part.axes == whole.axes and part.name == whole.name and part.pixels.dtype == whole.pixels.dtype

    check()


@pytest.mark.parametrize("name", ["tiled_deflated", "stack_of_tiles", "striped", "colour", "stack_ome"])
def test_only_the_tiles_of_a_window_are_decoded(files, name, monkeypatch):
    source = open_source(files[name])
    expected = source[0].read().pixels[20:30, 20:30]
    read = []
    one = tifffile.FileHandle.read_segments

    def counted(self, offsets, bytecounts, *args, **kwargs):
        read.extend(offsets)
        return one(self, offsets, bytecounts, *args, **kwargs)

    monkeypatch.setattr(tifffile.FileHandle, "read_segments", counted)
    seek = tifffile.FileHandle.seek
    monkeypatch.setattr(tifffile.FileHandle, "seek", lambda self, at, *a: (read.append(at), seek(self, at, *a))[1])
    np.testing.assert_array_equal(source[0].window(slice(20, 30), slice(20, 30)).pixels, expected)
    with tifffile.TiffFile(files[name]) as tif:
        segments = set(tif.pages[0].dataoffsets)
    assert 0 < len(segments & set(read)) < len(segments)


def test_pages_of_formats_without_parts_are_read_once_for_all_windows():
    read = []

    def page(number):
        read.append(number)
        return STACK[number]

    source = Source.of(Pages((3,), (70, 50), np.uint16, page), "TYX")
    for top in (0, 10, 20):
        window = source[1].window(slice(top, top + 10), slice(None)).pixels
        np.testing.assert_array_equal(window, STACK[1, top : top + 10])
    source[2].read()
    assert read == [1, 2]


@pytest.mark.parametrize("suffix", [".tif", ".zarr"])
@pytest.mark.parametrize(("height", "coarse"), [(64, 32), (65, 33), (65, 32)])
def test_coarser_versions_have_their_pixel_size(tmp_path, suffix, height, coarse):
    fine, half = GREY[:height, :32], GREY[:coarse, :16]
    path = tmp_path / f"a{suffix}"
    if suffix == ".tif":
        with tifffile.TiffWriter(path) as tif:
            about = {"axes": "YX", "PhysicalSizeX": 2.0, "PhysicalSizeXUnit": "nm"}
            about |= {"PhysicalSizeY": 2.0, "PhysicalSizeYUnit": "nm"}
            tif.write(fine, subifds=1, resolution=(5e6, 5e6), resolutionunit="CENTIMETER")
            tif.write(half, subfiletype=1)
    else:
        group = zarr.open_group(path, mode="w")
        group.create_array("0", data=fine)
        group.create_array("1", data=half)
        scales = [
            {"path": str(i), "coordinateTransformations": [{"type": "scale", "scale": [2.0 * 2**i] * 2}]}
            for i in (0, 1)
        ]
        axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "yx"]
        group.attrs["ome"] = {"version": "0.5", "multiscales": [{"datasets": scales, "axes": axes}]}
    source = open_source(path)
    (level,) = source.levels
    np.testing.assert_array_equal(level[0].read().pixels, half)
    assert source.pixel_size_nm == pytest.approx((2, 2)) and level.pixel_size_nm == pytest.approx((4, 4))
    assert not level.levels and level[0].shape == half.shape


def test_levels_that_are_coarser_along_other_axes_are_left_out():
    volume = np.zeros((4, 8, 8), np.uint8)
    source = Source.of(volume, "ZYX", coarser=[volume[::2, ::2, ::2], volume[:, ::4, ::4]])
    assert [level.pixels.shape for level in source.levels] == [(4, 2, 2)]
    assert [level.pixels.shape for level in source.at(z=1).levels] == [(2, 2)]
    assert isinstance(source.at(z=1).levels[0].pixels, LazyPixels)
