"""Series of TIA give what a writer after the description of the format put into them."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source

TYPES = {"u1": 1, "u2": 2, "u4": 3, "i1": 4, "i2": 5, "i4": 6, "f4": 7, "f8": 8}


def element(pixels, side_m=(2e-9, 2e-9), kind=None, shape=None):
    """One image; `side_m` along (Y, X)."""
    height, width = shape or pixels.shape
    head = struct.pack("<ddi", 0.0, side_m[1], 0) + struct.pack("<ddi", 0.0, side_m[0], 0)
    return head + struct.pack("<hii", kind or TYPES[pixels.dtype.str[1:]], width, height) + pixels.tobytes()


def series(elements, *, version=0x220, content=0x4122, total=None, seconds=None):
    """A series of which `total` images were planned."""
    total = total or len(elements)
    word = "q" if version >= 0x220 else "i"
    fixed = struct.pack("<hhhiiii", 0x4949, 0x197, version, content, 0x4152, total, len(elements))
    dimension = struct.pack("<iddii", total, 0.0, 1.0, 0, 6) + b"Number" + struct.pack("<i", 0)
    table = len(fixed) + struct.calcsize(f"<{word}") + 4 + len(dimension)
    at = table + 2 * total * struct.calcsize(f"<{word}")
    body, images, tags = b"", [], []
    for number, one in enumerate(elements):
        images.append(at + len(body))
        body += one
        tags.append(at + len(body))
        body += struct.pack("<hhi", 0x4152, 0, (seconds or [0] * total)[number])
    rest = [0] * (total - len(elements))
    places = struct.pack(f"<{2 * total}{word}", *images, *rest, *tags, *rest)
    return fixed + struct.pack(f"<{word}i", table, 1) + dimension + places + body


@pytest.fixture
def opened(tmp_path):
    """Write bytes and open them."""

    def open_bytes(content):
        (tmp_path / "a.ser").write_bytes(content)
        return open_source(tmp_path / "a.ser")

    return open_bytes


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(sorted(TYPES)), version=st.sampled_from([0x210, 0x220]))
def test_pixels_come_back(opened, data, kind, version):
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)))
    stack = data.draw(arrays(f"<{kind}", shape, elements={"allow_nan": False} if kind[0] == "f" else None))
    source = opened(series([element(image) for image in stack], version=version, total=shape[0] + 2))
    assert len(source) == shape[0]
    for plane, expected in zip(source, stack, strict=True):
        np.testing.assert_array_equal(plane.read().pixels, expected)


IMAGE = np.arange(12, dtype="<u2").reshape(3, 4)


def test_the_pixel_size_is_in_metres(opened):
    np.testing.assert_allclose(opened(series([element(IMAGE, (3e-10, -2e-10))])).pixel_size_nm, (0.3, 0.2))
    assert opened(series([element(IMAGE, (0.0, 0.0))])).pixel_size_nm is None


def test_moments_give_the_interval(opened):
    assert opened(series([element(IMAGE)] * 3, seconds=[100, 103, 108])).interval_s == 4
    assert opened(series([element(IMAGE)] * 3)).interval_s is None


def test_spectra_are_refused(opened):
    with pytest.raises(UserError, match=r"a\.ser holds spectra; particles are measured in images"):
        opened(series([element(IMAGE)], content=0x4120))


def test_images_that_differ_are_refused(opened):
    with pytest.raises(UserError, match=r"The images in .*a\.ser differ in shape"):
        opened(series([element(IMAGE), element(IMAGE.T.copy())]))


def test_complex_numbers_are_refused(opened):
    with pytest.raises(UserError, match="holds complex numbers"):
        opened(series([element(IMAGE, kind=9)]))
    with pytest.raises(UserError, match="there is no type 77 of pixels"):
        opened(series([element(IMAGE, kind=77)]))


@pytest.mark.parametrize("shape", [(10**9, 10**9), (2**31 - 1, 2**31 - 1), (0, 4), (-3, 4)])
def test_sizes_that_cannot_be_are_refused(opened, shape):
    with pytest.raises(UserError, match=r"cannot be read \((it has no pixels|.* need \d+ bytes)"):
        opened(series([element(IMAGE, shape=shape)]))


@pytest.mark.parametrize(("total", "valid"), [(2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (0, 0), (1, 2), (-1, -1)])
def test_numbers_of_images_that_cannot_be_are_refused(opened, total, valid):
    content = bytearray(series([element(IMAGE)]))
    struct.pack_into("<ii", content, 14, total, valid)
    with pytest.raises(UserError, match=r"cannot be read \(.* images"):
        opened(bytes(content))


def test_a_file_cut_short_is_refused(opened):
    whole = series([element(IMAGE)] * 2)
    for length in range(len(whole)):
        with pytest.raises(UserError, match=r"a\.ser cannot be read"):
            opened(whole[:length])
