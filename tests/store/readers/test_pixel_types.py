"""Numbers of all types, codecs and layouts come back as they were written."""

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (40, 56), np.uint8)
DEEP = RNG.integers(0, 4096, (40, 56), np.uint16)
RGB = RNG.integers(0, 256, (40, 56, 3), np.uint8)


@pytest.mark.parametrize(
    "options",
    [
        {"byteorder": ">"},
        {"bigtiff": True},
        {"bitspersample": 12},
        {"compression": "lzw", "predictor": True},
        {"compression": "zstd", "tile": (16, 16)},
        {"compression": "jpegxl", "tile": (16, 16), "compressionargs": {"lossless": True}},
        {"compression": "deflate", "rowsperstrip": 7},
    ],
)
def test_16_bit_numbers_in_every_layout(tmp_path, options):
    tifffile.imwrite(tmp_path / "a.tif", DEEP, photometric="minisblack", **options)
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.tif").pixels, DEEP)


@pytest.mark.parametrize(
    "pixels", [GREY / 7 - 9, (GREY - 90.0).astype(np.float32), GREY > 90, DEEP.astype(np.int32) - 99]
)
def test_fractions_negatives_and_truth_values(tmp_path, pixels):
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("options", [{}, {"planarconfig": "separate"}, {"tile": (16, 16), "compression": "lzw"}])
@pytest.mark.parametrize("alpha", [False, True])
def test_colours_in_every_layout(tmp_path, options, alpha):
    pixels = np.dstack([RGB, GREY]) if alpha else RGB
    written = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    extra = {"extrasamples": ["unassalpha"]} if alpha else {}
    tifffile.imwrite(tmp_path / "a.tif", written, photometric="rgb", **options, **extra)
    found = read_micrograph(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, pixels)
    np.testing.assert_allclose(found.grey, RGB @ [0.2125, 0.7154, 0.0721], rtol=1e-5)
    notes = ["Colour image: its luminance (Rec. 709) is used."]
    notes += ["Channel 4 of 4 (alpha or another detector) is not used; select it with --channel 4."] * alpha
    assert list(found.all_remarks) == notes


def test_ycbcr_becomes_rgb(tmp_path):
    smooth = np.dstack([np.add.outer(np.arange(48), np.arange(64)) * 2 % 200 + 20] * 3).astype(np.uint8)
    smooth[..., 1] //= 2
    tifffile.imwrite(tmp_path / "a.tif", smooth, photometric="rgb", compression="jpeg", compressionargs={"level": 98})
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.pages.first.photometric == tifffile.PHOTOMETRIC.YCBCR
    Image.fromarray(smooth).save(tmp_path / "b.jpg", quality=98, subsampling=0)
    for name in ("a.tif", "b.jpg"):
        assert np.abs(read_micrograph(tmp_path / name).pixels.astype(int) - smooth).mean() < 2


def test_cmyk_of_a_jpeg_becomes_rgb(tmp_path):
    smooth = np.dstack([np.add.outer(np.arange(48), np.arange(64)) + 60] * 3).astype(np.uint8)
    Image.fromarray(smooth).convert("CMYK").save(tmp_path / "a.jpg", quality=98)
    assert np.abs(read_micrograph(tmp_path / "a.jpg").grey - smooth[..., 0]).mean() < 3


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_png_of_16_bit_keeps_all_of_them(tmp_path, bands):
    pixels = np.dstack([DEEP * 16 + 1] * bands) if bands > 1 else DEEP * 16 + 1
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.png").pixels, pixels)


@pytest.mark.parametrize("transparent", [False, True])
def test_a_palette_shows_colours_and_keeps_its_numbers(tmp_path, transparent):
    image = Image.fromarray(GREY % 5)
    image.putpalette([value for entry in range(5) for value in (entry * 40, 0, 250 - entry * 40)])
    image.save(tmp_path / "a.png", **({"transparency": 0} if transparent else {}))
    found = read_micrograph(tmp_path / "a.png")
    np.testing.assert_array_equal(found.pixels[..., 0], (GREY % 5) * 40)
    assert found.pixels.shape[-1] == 3 + transparent
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), GREY % 5)
