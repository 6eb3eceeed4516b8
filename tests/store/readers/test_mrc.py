"""MRC files give what a writer after the description of the format put into them."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source

MODES = {"i1": 0, "i2": 1, "f4": 2, "u2": 6, "f2": 12}


def header(shape, mode, order="<", *, pixel=(1.0, 1.0, 1.0), group=0, extended=0, axes=(1, 2, 3), stamp=0):
    """Header of sections (Z, Y, X); `pixel` in Å along x, y, z."""
    sides = shape[::-1]
    words = [*struct.pack(f"{order}4i", *sides, mode)]
    words += struct.pack(f"{order}3i", 0, 0, 0) + struct.pack(f"{order}3i", *sides)
    words += struct.pack(f"{order}3f", *(n * size for n, size in zip(sides, pixel, strict=True)))
    words += struct.pack(f"{order}3f", 90, 90, 90) + struct.pack(f"{order}3i", *axes)
    words += struct.pack(f"{order}3f", 0, 0, 0) + struct.pack(f"{order}2i", group, extended)
    words += bytes(152 - len(words)) + struct.pack(f"{order}i", stamp)
    words += bytes(208 - len(words)) + b"MAP " + (b"\x44\x44" if order == "<" else b"\x11\x11")
    return bytes(words).ljust(1024, b"\0")


def write(path, stack, order="<", **about):
    mode = MODES[stack.dtype.str[1:]]
    start = header(stack.shape, mode, order, **about) + bytes(about.get("extended", 0))
    path.write_bytes(start + stack.astype(stack.dtype.newbyteorder(order)).tobytes())
    return path


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(sorted(MODES)), order=st.sampled_from("<>"))
def test_pixels_come_back(tmp_path, data, kind, order):
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)))
    stack = data.draw(arrays(kind, shape, elements={"allow_nan": False} if kind[0] == "f" else None))
    source = open_source(write(tmp_path / "a.mrc", stack, order, extended=data.draw(st.sampled_from([0, 256]))))
    assert len(source) == shape[0]
    for plane, expected in zip(source, stack, strict=True):
        np.testing.assert_array_equal(plane.read().pixels, expected)


STACK = np.arange(2 * 3 * 4, dtype="i2").reshape(2, 3, 4)


def test_the_cell_gives_the_pixel_size(tmp_path):
    source = open_source(write(tmp_path / "a.mrcs", STACK, pixel=(2.0, 3.0, 7.0)))
    np.testing.assert_allclose(source.pixel_size_nm, (0.3, 0.2))
    source = open_source(write(tmp_path / "b.mrc", STACK, pixel=(2.0, 3.0, 7.0), axes=(2, 1, 3)))
    np.testing.assert_allclose(source.pixel_size_nm, (0.2 * 4 / 4, 0.3), rtol=1e-6)


def test_a_pixel_size_that_programs_write_for_want_of_another_is_doubted(tmp_path):
    source = open_source(write(tmp_path / "a.mrc", STACK, pixel=(1.0, 1.0, 1.0)))
    assert source.pixel_size_nm == (0.1, 0.1)
    assert source.size_remarks == ("The pixel size of exactly 1 Å may stand for one that is not known.",)
    assert open_source(write(tmp_path / "b.mrc", STACK, pixel=(2.0, 2.0, 1.0))).size_remarks == ()


@pytest.mark.parametrize("side", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cell_that_is_not_set_gives_none(tmp_path, side):
    assert open_source(write(tmp_path / "a.mrc", STACK, pixel=(side, side, 1.0))).pixel_size_nm is None


@pytest.mark.parametrize(("group", "axis"), [(0, "t"), (1, "z")])
def test_a_stack_is_over_time_and_a_volume_over_depth(tmp_path, group, axis):
    assert open_source(write(tmp_path / "a.mrc", STACK, group=group)).lengths == {axis: 2}


def test_bytes_of_imod_are_unsigned(tmp_path):
    stack = np.array([[[-1, 100]]], "i1")
    assert open_source(write(tmp_path / "a.mrc", stack))[0].read().pixels.tolist() == [[-1, 100]]
    assert open_source(write(tmp_path / "b.mrc", stack, stamp=1146047817))[0].read().pixels.tolist() == [[255, 100]]


@pytest.mark.parametrize("mode", [3, 4, 101])
def test_complex_and_packed_numbers_are_refused(tmp_path, mode):
    (tmp_path / "a.mrc").write_bytes(header((1, 4, 4), mode) + bytes(200))
    with pytest.raises(UserError, match=r"a\.mrc holds .* numbers \(mode \d+\), which cannot be measured"):
        open_source(tmp_path / "a.mrc")


@pytest.mark.parametrize(
    "shape", [(1, 10**9, 10**9), (10**9, 1, 1), (2**31 - 1,) * 3, (1, 0, 4), (1, -1, 4), (-2, 3, 4)]
)
def test_sizes_that_cannot_be_are_refused(tmp_path, shape):
    (tmp_path / "a.mrc").write_bytes(header(shape, 2) + bytes(100))
    with pytest.raises(UserError, match=r"a\.mrc cannot be read \((it has no pixels|.* the file has 1124)"):
        open_source(tmp_path / "a.mrc")


def test_a_file_cut_short_is_refused(tmp_path):
    whole = write(tmp_path / "a.mrc", STACK).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "a.mrc").write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"a\.mrc cannot be read"):
            open_source(tmp_path / "a.mrc")
