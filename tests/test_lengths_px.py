"""Sizes in pixels or nanometres."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.lengths_px import Size, size_px, sizes_in_nm
from particleforge.params import Params


class Sized(Params):
    size: Size = "5 px"


@given(st.floats(0.01, 1e4), st.floats(1e-3, 1e3))
def test_a_length_is_divided_by_the_pixel_size(nm, pixel_nm):
    assert size_px(f"{nm!r} nm", pixel_nm) == pytest.approx(nm / pixel_nm)
    assert size_px(f"{nm:.4f}px", pixel_nm) == pytest.approx(nm, abs=1e-4)


def test_a_length_needs_a_pixel_size():
    assert size_px("8 px", None) == 8
    with pytest.raises(UserError, match=r"A size of 5 nm needs a known pixel size\. Give the pixel size"):
        size_px("5 nm", None)


@pytest.mark.parametrize("value", [20, 20.5, "20", "twenty nm", "-3 px", "20 apples", "0 nm"])
def test_what_is_no_size_is_refused_with_an_example(value):
    with pytest.raises(UserError, match=f"{str(value)!r} is .*Write, for example, '8 px' or '5 nm'"):
        Sized.parse({"size": value})


def test_a_truth_value_is_no_size():
    with pytest.raises(UserError, match="size = True"):
        Sized.parse({"size": True})


def test_sizes_that_need_a_pixel_size_are_found():
    class Several(Sized):
        largest: Size | None = None
        name: str = "5 nm"

    assert sizes_in_nm(Several()) == [] and sizes_in_nm(Several(size="+8 px")) == []
    assert sizes_in_nm(Several(size="5 nm", largest="1 um")) == ["5 nm", "1 um"]
