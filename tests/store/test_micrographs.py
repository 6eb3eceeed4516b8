import warnings

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store import micrographs
from particleforge.store.files import sha256
from particleforge.store.image_files import image_paths
from particleforge.store.micrographs import read_micrograph, write_micrograph
from particleforge.store.pixels import LazyPixels

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ome-zarr 0.18 warns of itself at import
    from ome_zarr.format import FormatV04, FormatV05
    from ome_zarr.writer import write_image

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
RGB = np.stack([GREY, GREY // 2, GREY // 4], -1)


@pytest.mark.parametrize("dtype", ["bool", "u1", "i2", "u2", "i4", "u4", "f2", "f4", "f8"])
def test_plain_tiff_of_every_type(tmp_path, dtype):
    path = tmp_path / "grain.tif"
    tifffile.imwrite(path, GREY.astype(dtype), photometric="minisblack")
    before = sha256(path)
    micrograph = read_micrograph(path)
    assert (micrograph.name, micrograph.axes, micrograph.pixel_size_nm) == ("grain", "YX", None)
    assert micrograph.pixels.dtype == dtype
    np.testing.assert_array_equal(micrograph.pixels, GREY.astype(dtype))
    assert sha256(path) == before


@pytest.mark.parametrize("side", [(1, 1), (1, 5), (5, 1)])
def test_thin_images_keep_their_axes(tmp_path, side):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros(side, np.uint8), photometric="minisblack")
    assert read_micrograph(tmp_path / "a.tif").shape == side


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_rgb_tiff_has_its_colours_last(tmp_path, planar):
    data = RGB if planar == "contig" else np.moveaxis(RGB, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", planarconfig=planar)
    micrograph = read_micrograph(tmp_path / "a.tif")
    assert micrograph.axes == "YXC"
    np.testing.assert_array_equal(micrograph.pixels, RGB)


def test_pages_are_time_points(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for page in range(5):
            tif.write(GREY + page, photometric="minisblack", contiguous=False, metadata=None)
    micrograph = read_micrograph(tmp_path / "a.tif")
    assert (micrograph.axes, micrograph.pixels.shape) == ("TYX", (5, 3, 4))
    with pytest.raises(UserError, match="stack"):
        _ = micrograph.grey


def test_white_is_zero_is_inverted_and_palettes_are_resolved(tmp_path):
    tifffile.imwrite(tmp_path / "white.tif", GREY, photometric="miniswhite")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "white.tif").pixels, 255 - GREY)
    tifffile.imwrite(tmp_path / "wide.tif", GREY.astype(np.uint32), photometric="miniswhite")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "wide.tif").pixels, GREY.max() - GREY)
    colours = np.stack([np.arange(256), np.zeros(256), np.arange(256)]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "palette.tif", GREY, photometric="palette", colormap=colours)
    micrograph = read_micrograph(tmp_path / "palette.tif")
    assert micrograph.axes == "YXC"
    np.testing.assert_array_equal(micrograph.pixels, np.stack([GREY, GREY * 0, GREY], -1))


@pytest.mark.parametrize(
    ("unit", "nm"),
    [("nm", 1), ("micron", 1000), ("um", 1000), ("\\u00B5m", 1000), ("\\u00C5", 0.1), ("pixel", None), ("inch", None)],
)
@pytest.mark.parametrize(("axes", "shape"), [("YX", (3, 4)), ("TYX", (2, 3, 4)), ("ZYX", (2, 3, 4))])
def test_imagej_tiff(tmp_path, unit, nm, axes, shape):
    data = np.zeros(shape, np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, resolution=(4, 2), metadata={"unit": unit, "axes": axes})
    micrograph = read_micrograph(tmp_path / "a.tif")
    assert micrograph.axes == axes
    assert micrograph.pixel_size_nm == (None if nm is None else (nm / 2, nm / 4))


@pytest.mark.parametrize(("unit", "nm"), [("nm", 1), ("µm", 1000), ("Å", 0.1), (None, 1000), ("reference frame", None)])
def test_ome_tiff(tmp_path, unit, nm):
    metadata = {"axes": "YX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5}
    if unit:
        metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY, ome=True, metadata=metadata)
    micrograph = read_micrograph(tmp_path / "a.ome.tif")
    assert micrograph.name == "a"
    assert micrograph.pixel_size_nm == (None if nm is None else pytest.approx((nm * 0.5, nm * 0.25)))


@pytest.mark.parametrize("size", ["-0.5", "0", "1e999", "", "half", "0.5 nm"])
@pytest.mark.parametrize("unit", ["nm", "furlong"])
def test_ome_tiff_with_odd_sizes(tmp_path, size, unit):
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 2.0})
    stated = tifffile.tiffcomment(tmp_path / "a.ome.tif")
    odd = f'PhysicalSizeX="{size}" PhysicalSizeXUnit="{unit}" PhysicalSizeY="{size}" PhysicalSizeYUnit="{unit}"'
    tifffile.tiffcomment(tmp_path / "a.ome.tif", stated.replace('PhysicalSizeX="2.0"', odd).encode())
    found = read_micrograph(tmp_path / "a.ome.tif")
    assert found.pixel_size_nm == ((0.5, 0.5) if (size, unit) == ("0.5 nm", "nm") else None)
    np.testing.assert_array_equal(found.pixels, GREY)


def test_fei_tiff(tmp_path):
    text = b"[User]\r\nDate=01/02/2020\r\n\r\n[Scan]\r\nPixelWidth=1.5e-009\r\nPixelHeight=3e-009\r\n\x00"
    tifffile.imwrite(tmp_path / "a.tif", GREY, metadata=None, extratags=[(34682, "s", 0, text, True)])
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx((3, 1.5))


@pytest.mark.parametrize(("unit", "nm"), [("nm", 4.5), ("µm", 4500)])
def test_zeiss_tiff(tmp_path, unit, nm):
    text = "\r\n".join(["0"] * 4 + ["AP_IMAGE_PIXEL_SIZE", f"Image Pixel Size = 4.5 {unit}", ""]).encode("cp1252")
    tifffile.imwrite(tmp_path / "a.tif", GREY, metadata=None, extratags=[(34118, "B", len(text), text, True)])
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx((nm, nm))


@pytest.mark.parametrize("dpi", [1, 72, 96, 150, 300, 600, 1200, 2400])
def test_print_resolution_is_no_pixel_size(tmp_path, dpi):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(dpi, dpi), resolutionunit="inch")
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm is None
    Image.fromarray(GREY).save(tmp_path / "b.png", dpi=(dpi, dpi))
    assert read_micrograph(tmp_path / "b.png").pixel_size_nm is None


@pytest.mark.parametrize(("unit", "nm"), [("inch", 2.54e7), ("centimeter", 1e7)])
def test_microscopic_resolution_tag_is_a_pixel_size(tmp_path, unit, nm):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(nm / 2, nm / 3), resolutionunit=unit)
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm == pytest.approx((3, 2))


def test_resolution_without_a_unit_is_no_pixel_size(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(1e7, 1e7), resolutionunit="none")
    assert read_micrograph(tmp_path / "a.tif").pixel_size_nm is None


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.fromarray(GREY), GREY),
        (Image.fromarray(GREY > 40), GREY > 40),
        (Image.fromarray(GREY.astype(np.uint16) * 200), GREY.astype(np.uint16) * 200),
        (Image.fromarray(RGB), RGB),
        (Image.fromarray(np.dstack([RGB, GREY])), np.dstack([RGB, GREY])),
        (Image.fromarray(np.dstack([GREY, 255 - GREY])), np.dstack([GREY, 255 - GREY])),
        (Image.fromarray(GREY).convert("P"), np.dstack([GREY] * 3)),
    ],
    ids=["grey", "bilevel", "16 bit", "RGB", "RGBA", "grey and alpha", "palette"],
)
def test_png(tmp_path, image, expected):
    image.save(tmp_path / "a.PNG")
    micrograph = read_micrograph(tmp_path / "a.PNG")
    assert (micrograph.name, micrograph.axes) == ("a", "YX" if expected.ndim == 2 else "YXC")
    np.testing.assert_array_equal(micrograph.pixels, expected)
    assert micrograph.grey.shape == GREY.shape


def test_jpeg(tmp_path):
    Image.fromarray(np.full((16, 16), 77, np.uint8)).save(tmp_path / "a.jpg")
    assert read_micrograph(tmp_path / "a.jpg").pixels.tolist() == [[77] * 16] * 16


@pytest.mark.parametrize("fmt", [FormatV04(), FormatV05()], ids=["0.4", "0.5"])
@pytest.mark.parametrize(("unit", "nm"), [("micrometer", 1000), ("nanometer", 1), (None, None)])
def test_ome_zarr_of_the_reference_writer(tmp_path, fmt, unit, nm):
    path = tmp_path / "a.ome.zarr"
    units = {"y": unit, "x": unit} if unit else None
    group = zarr.open_group(path, mode="w", zarr_format=fmt.zarr_format)
    write_image(GREY, group, scale_factors=[], fmt=fmt, axes="yx", scale={"y": 0.5, "x": 0.25}, axes_units=units)
    micrograph = read_micrograph(path)
    assert (micrograph.name, micrograph.axes) == ("a", "YX")
    assert micrograph.pixel_size_nm == (None if nm is None else (0.5 * nm, 0.25 * nm))
    np.testing.assert_array_equal(micrograph.pixels, GREY)


def test_ome_zarr_with_channels(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    data = np.moveaxis(RGB, -1, 0)[None, :, None]
    write_image(data, group, scale_factors=[], fmt=FormatV04(), axes="tczyx")
    micrograph = read_micrograph(tmp_path / "a.zarr")
    assert micrograph.axes == "YXC"
    np.testing.assert_array_equal(micrograph.pixels, RGB)


def test_large_ome_zarr_is_read_where_it_is_sliced(tmp_path, monkeypatch):
    monkeypatch.setattr(micrographs, "LARGE_BYTES", 1)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    data = np.stack([GREY, GREY + 1])[:, None]
    write_image(data, group, scale_factors=[], fmt=FormatV04(), axes="tzyx")
    micrograph = read_micrograph(tmp_path / "a.zarr")
    assert isinstance(micrograph.pixels, LazyPixels)
    assert (micrograph.axes, micrograph.shape, len(micrograph.pixels)) == ("TYX", (3, 4), 2)
    for index in [1, np.s_[1, 1:, :2], np.s_[..., 2], np.s_[:, 0], -1]:
        np.testing.assert_array_equal(micrograph.pixels[index], data[:, 0][index])
    np.testing.assert_array_equal(np.asarray(micrograph.pixels), data[:, 0])


def test_large_flat_ome_zarr_gives_the_same_grey(tmp_path, monkeypatch):
    monkeypatch.setattr(micrographs, "LARGE_BYTES", 1)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    write_image(GREY, group, scale_factors=[], fmt=FormatV04(), axes="yx")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.zarr").grey, GREY)


def test_zarr_without_an_image_is_told(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(UserError, match="without an OME-Zarr image"):
        read_micrograph(tmp_path / "a.zarr")
    (tmp_path / "b.zarr").mkdir()
    with pytest.raises(UserError, match=r"b\.zarr"):
        read_micrograph(tmp_path / "b.zarr")


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg"])
@pytest.mark.parametrize("keep", [0.0, 0.2, 0.7])
def test_truncated_files_are_told(tmp_path, name, keep):
    noise = np.random.default_rng(1).integers(0, 255, (40, 40), np.uint8)
    if name == "a.tif":
        tifffile.imwrite(tmp_path / name, noise)
    else:
        Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(UserError, match=name):
        read_micrograph(tmp_path / name)


def test_missing_and_foreign_files_are_told(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_micrograph(tmp_path / "a.tif")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match=r"a\.txt"):
        read_micrograph(tmp_path / "a.txt")


def test_images_in_a_folder_below_are_pointed_to(tmp_path):
    (tmp_path / "set" / "images").mkdir(parents=True)
    (tmp_path / "set" / "images" / "a.png").touch()
    with pytest.raises(UserError, match=r"contains no images[^?]*Did you mean [^?]*set/images\?"):
        image_paths(tmp_path)
    with pytest.raises(UserError, match=r"does not exist\. Check the path"):
        image_paths(tmp_path / "nowhere")


def test_image_paths_are_sorted_and_leave_out_the_rest(tmp_path):
    for name in ("b.tif", "a.PNG", ".c.tif", "._a.png", "notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "d.tif").mkdir()
    (tmp_path / "c.ome.zarr").mkdir()
    assert [path.name for path in image_paths(tmp_path)] == ["a.PNG", "b.tif", "c.ome.zarr"]
    assert image_paths(tmp_path / "b.tif") == [tmp_path / "b.tif"]
    assert image_paths(tmp_path / "c.ome.zarr") == [tmp_path / "c.ome.zarr"]


def test_image_paths_refuse_none_and_twins(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match=path.name):
            image_paths(path)
    (tmp_path / "a.tif").write_text("x")
    (tmp_path / "a.ome.tif").write_text("x")
    with pytest.raises(UserError, match=r"a\.ome\.tif and a\.tif"):
        image_paths(tmp_path)


@pytest.mark.parametrize("size", [None, (0.37, 0.37), (3.0, 1e-3), (2e6, 5e4)])
@pytest.mark.parametrize("pixels", [GREY, GREY / 7, GREY.astype("i8"), RGB, RGB / 7, RGB[..., :2]])
def test_written_images_come_back(tmp_path, size, pixels):
    axes = "YXC"[: pixels.ndim]
    write_micrograph(tmp_path / "a.tif", Micrograph(pixels, size, axes, "a"))
    micrograph = read_micrograph(tmp_path / "a.tif")
    assert (micrograph.axes, micrograph.pixels.dtype) == (axes, pixels.dtype)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert micrograph.pixel_size_nm == (None if size is None else pytest.approx(size))


def test_stacks_are_not_written(tmp_path):
    with pytest.raises(UserError, match="TYX"):
        write_micrograph(tmp_path / "a.tif", Micrograph(np.zeros((2, 3, 4)), axes="TYX"))


def test_a_header_that_asks_for_absurd_memory_is_told(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as tif:
        for name in ("ImageWidth", "ImageLength"):
            tif.pages.first.tags[name].overwrite(2**32 - 1, dtype="I")
    with pytest.raises(UserError, match=r"a\.tif"):
        read_micrograph(tmp_path / "a.tif")
