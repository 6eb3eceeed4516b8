import math

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.micrograph import USUAL_NM, Micrograph, parse_length_nm

COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)


def test_more_channels_than_colours_have_are_refused():
    with pytest.raises(UserError, match=r"maps: the image has 5 channels; 4 at most.*Choose one.*--channel 1"):
        _ = Micrograph(np.zeros((5, 6, 7)), axes="CYX", name="maps").grey


def test_colours_become_rec_709_luminance():
    grey = Micrograph(COLOURS, axes="YXC").grey
    assert grey.dtype == np.float32
    np.testing.assert_allclose(grey, 255 * np.array([[0.2125, 0.7154], [0.0721, 1]]), rtol=1e-6)


def test_alpha_is_left_out():
    alpha = np.array([[0, 7], [128, 255]], np.uint8)[..., None]
    plain = Micrograph(COLOURS, axes="YXC").grey
    np.testing.assert_array_equal(Micrograph(np.concatenate([COLOURS, alpha], 2), axes="YXC").grey, plain)
    np.testing.assert_array_equal(Micrograph(np.moveaxis(COLOURS, 2, 0), axes="CYX").grey, plain)
    grey_alpha = np.concatenate([COLOURS[..., :1], alpha], 2)
    np.testing.assert_array_equal(Micrograph(grey_alpha, axes="YXC").grey, COLOURS[..., 0])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float64, bool])
def test_grey_values_stay(dtype):
    pixels = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    np.testing.assert_array_equal(Micrograph(pixels).grey, pixels.astype(float))


@pytest.mark.parametrize(
    ("pixels", "axes", "message"),
    [
        (np.zeros((3, 4, 4)), "ZYX", r"shape \(3, 4, 4\), axes ZYX, is a stack"),
        (np.zeros((3, 4, 4)), "TYX", "is a stack"),
        (np.zeros((0, 4)), "YX", r"empty, its shape is \(0, 4\)"),
        (np.array([[0, np.nan], [np.inf, 1]]), "YX", "2 of 4 pixels are NaN or infinite"),
        (np.array([[0, 1e300]]), "YX", "1 of 2 pixels are NaN or infinite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_an_invalid_image_is_refused(pixels, axes, message):
    with pytest.raises(UserError, match=message):
        _ = Micrograph(pixels, axes=axes, name="odd").grey


def test_shape_goes_by_axes():
    assert Micrograph(np.zeros((5, 7, 3)), axes="YXC").shape == (5, 7)
    assert Micrograph(np.zeros((3, 5, 7)), axes="TYX").shape == (5, 7)
    with pytest.raises(ValueError, match="do not fit"):
        Micrograph(np.zeros((5, 7, 3)))


@pytest.mark.parametrize("size", [(0, 1), (-1, 1), (math.nan, 1), (math.inf, 1)])
def test_pixel_sizes_must_be_above_zero(size):
    with pytest.raises(UserError, match="must be above 0"):
        Micrograph(np.zeros((2, 2)), size)


def test_pixels_must_be_square_where_that_matters():
    image = Micrograph(np.zeros((2, 2)))
    assert image.square_pixel_size_nm is None
    assert image.with_pixel_size(2).pixel_size_nm == (2, 2)
    assert image.with_pixel_size((1, 1.005)).square_pixel_size_nm == pytest.approx(1.0025, abs=1e-4)
    with pytest.raises(UserError, match=r"1 nm by 1.1 nm.*1 %"):
        _ = image.with_pixel_size((1, 1.1)).square_pixel_size_nm
    assert image.with_pixel_size(2).with_pixel_size(None).pixel_size_nm is None


@pytest.mark.parametrize(
    ("text", "nm"),
    [("0.5 nm", 0.5), ("12 µm", 12_000), ("1.2um", 1200), ("3 angstrom", 0.3), ("1e-9 m", 1), (" 2 nm ", 2)],
)
def test_lengths_are_read(text, nm):
    assert parse_length_nm(text) == pytest.approx(nm)


@pytest.mark.parametrize(
    "text",
    [
        "5 px",
        "0.5 furlong",
        "1 ly",
        "0.2 m",
        "1e9 nm",
        "0,5 nm",
        "0.5",
        "",
        "nm nm",
        "5 apples",
        "3 s",
        "0 nm",
        "-1 nm",
        "nan nm",
        "1 +",
        "(",
        "1 nm)",
    ],
)
def test_an_invalid_length_is_refused(text):
    with pytest.raises(UserError, match=r"such as '0.5 nm'"):
        parse_length_nm(text)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        assert parse_length_nm(text) > 0
    except UserError:
        pass


def test_the_usual_units_are_those_of_pint():
    for unit, nm in USUAL_NM.items():
        assert pint.Quantity(1, unit).to("nm").magnitude == pytest.approx(nm, rel=1e-12)
