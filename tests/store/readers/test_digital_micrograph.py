"""DM3 and DM4 files give what a writer after the description of the format put into them."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source
from particleforge.store.readers._digital_micrograph_tags import DEEPEST, read_tags

TYPES = {"i2": 1, "f4": 2, "u1": 6, "i4": 7, "i1": 9, "u2": 10, "u4": 11, "f8": 12, "i8": 39, "u8": 40}
CODES = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "b1": 8, "i1": 9, "u1": 10, "i8": 11, "u8": 12}


class Writer:
    """Writes a tree of tags: mappings are groups, arrays and texts arrays, numbers of NumPy numbers."""

    def __init__(self, version=3, order="<"):
        self.version, self.order = version, order

    def count(self, number):
        return struct.pack(">I" if self.version == 3 else ">Q", number)

    def file(self, tags):
        root = self.group(tags)
        return struct.pack(">i", self.version) + self.count(len(root)) + struct.pack(">i", self.order == "<") + root

    def group(self, tags):
        return b"\1\0" + self.count(len(tags)) + b"".join(self.tag(*one) for one in tags.items())

    def tag(self, name, value):
        name = b"" if isinstance(name, int) else name.encode("latin-1")
        kind, body = (20, self.group(value)) if isinstance(value, dict) else (21, self.data(value))
        return struct.pack(">BH", kind, len(name)) + name + (self.count(len(body)) if self.version == 4 else b"") + body

    def data(self, value):
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            value = np.frombuffer(value.encode("utf-16-le"), "<u2")  # turned below where the file is big-endian
        found = np.asarray(value)
        about = [CODES[found.dtype.str[1:]]]
        if found.ndim:
            about = [20, *about, found.size]
        return self.described(about, found.astype(found.dtype.newbyteorder(self.order)).tobytes())

    def described(self, about, content=b""):
        return b"%%%%" + self.count(len(about)) + b"".join(map(self.count, about)) + content


def image(pixels, steps=(), units=(), kind=None, shape=None):
    """Tags of an image; steps and units along X, Y, ..."""
    lengths = (shape or pixels.shape)[::-1]
    axes = {
        i: {"Origin": np.float32(0), "Scale": np.float32(s), "Units": u}
        for i, (s, u) in enumerate(zip(steps, units, strict=True))
    }
    return {
        "ImageData": {
            "Calibrations": {"Brightness": {"Units": "e"}, "Dimension": axes},
            "Data": pixels.ravel(),
            "DataType": np.uint32(kind or TYPES[pixels.dtype.str[1:]]),
            "Dimensions": {i: np.uint32(length) for i, length in enumerate(lengths)},
        }
    }


def tree(*images, thumbnails=()):
    """Tags of a file, with some that nobody needs."""
    return {
        "ImageList": dict(enumerate(images)),
        "Thumbnails": {i: {"ImageIndex": np.uint32(number)} for i, number in enumerate(thumbnails)},
        "Name": "a name",
        "Flag": np.bool_(True),
    }


@pytest.fixture(params=[3, 4])
def version(request):
    return request.param


@pytest.fixture
def opened(tmp_path, version):
    """Write tags, or bytes, and open them."""

    def open_tags(tags, order="<"):
        content = tags if isinstance(tags, bytes) else Writer(version, order).file(tags)
        (tmp_path / f"a.dm{version}").write_bytes(content)
        return open_source(tmp_path / f"a.dm{version}")

    return open_tags


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(sorted(TYPES)), order=st.sampled_from("<>"), ndim=st.sampled_from([2, 3]))
def test_pixels_come_back(opened, data, kind, order, ndim):
    shape = data.draw(st.tuples(*[st.integers(1, 9)] * ndim))
    pixels = data.draw(arrays(kind, shape, elements={"allow_nan": False} if kind[0] == "f" else None))
    source = opened(tree(image(pixels)), order)
    stack = pixels.reshape(-1, *shape[-2:])
    assert len(source) == len(stack)
    for plane, expected in zip(source, stack, strict=True):
        np.testing.assert_array_equal(plane.read().pixels, expected)


IMAGE = np.arange(12, dtype="u2").reshape(3, 4)
STACK = np.arange(24, dtype="u2").reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("unit", "nm"),
    [("nm", 1), ("µm", 1e3), ("\u03bcm", 1e3), ("um", 1e3), ("Å", 0.1), ("\u212b", 0.1), ("pm", 1e-3), ("mm", 1e6)],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_units_of_length_give_the_pixel_size(opened, unit, nm, order):
    tags = tree(image(IMAGE, (0.5, -0.25), (unit, unit)))
    np.testing.assert_allclose(opened(tags, order).pixel_size_nm, (0.25 * nm, 0.5 * nm))


@pytest.mark.parametrize("unit", ["1/nm", "nm-1", "", "px", "mrad", "s"])
def test_other_units_give_none(opened, unit):
    assert opened(tree(image(IMAGE, (0.5, 0.5), (unit, unit)))).pixel_size_nm is None


@pytest.mark.parametrize("step", [0.0, float("nan"), float("inf")])
def test_a_step_that_is_not_set_gives_none(opened, step):
    assert opened(tree(image(IMAGE, (step, step), ("nm", "nm")))).pixel_size_nm is None


def test_thumbnails_are_left_out(opened):
    thumbnail = image(np.zeros((9, 9), "i4"), kind=23)
    source = opened(tree(thumbnail, image(IMAGE), thumbnails=[0]))
    np.testing.assert_array_equal(source[0].read().pixels, IMAGE)
    assert source.remarks == ()


def test_the_largest_image_is_read_and_the_last_of_several(opened):
    source = opened(tree(image(IMAGE), image(IMAGE[:2]), image(IMAGE + 1)))
    np.testing.assert_array_equal(source[0].read().pixels, IMAGE + 1)
    assert source.remarks == ("1 of 3 images of the file read: number 3, 4 x 3 px.",)


@pytest.mark.parametrize("order", ["<", ">"])
def test_colours_are_red_green_and_blue(opened, order):
    pixels = np.array([[0x010203, 0x0A0B0C]], "i4")
    found = opened(tree(image(pixels, kind=23)), order)[0].read()
    assert (found.axes, found.pixels.tolist()) == ("YXC", [[[1, 2, 3], [10, 11, 12]]])


@pytest.mark.parametrize(
    ("step", "unit", "lengths", "interval"),
    [(0.5, "s", {"t": 2}, 0.5), (5, "nm", {"z": 2}, None), (1, "", {"t": 2}, None)],
)
def test_the_third_axis_is_time_or_depth(opened, step, unit, lengths, interval):
    source = opened(tree(image(STACK, (2, 2, step), ("nm", "nm", unit))))
    assert (source.lengths, source.interval_s, source.pixel_size_nm) == (lengths, interval, (2, 2))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (image(IMAGE.ravel()), "no image"),
        (image(IMAGE, kind=3), "complex numbers"),
        (image(STACK, (2, 2, 1), ("nm", "nm", "eV")), "spectra"),
        (image(STACK[:, None] + np.zeros((1, 2, 1, 1), "u2")), "4 axes"),
    ],
)
def test_what_is_no_image_is_refused(opened, one, said):
    with pytest.raises(UserError, match=rf"holds .*{said}.*; particles are measured in images"):
        opened(tree(one))


@pytest.mark.parametrize("shape", [(10**9, 10**9), (2**32 - 1, 2**32 - 1), (0, 4), (4, 4)])
def test_sizes_that_cannot_be_are_refused(opened, shape):
    with pytest.raises(UserError, match=r"cannot be read \((it has no pixels|.* need \d+ bytes, 24 are there)"):
        opened(tree(image(IMAGE, shape=shape)))


def test_tags_that_are_not_needed_are_passed_over(opened, version):
    writer = Writer(version)
    tags = tree(image(IMAGE)) | {
        "Rectangle": writer.described([15, 0, 4, 0, 6, 0, 6, 0, 6, 0, 6], bytes(16)),
        "Table": writer.described([20, 15, 0, 2, 0, 3, 0, 4, 5], bytes(30)),
        "Text": writer.described([18, 7], bytes(7)),
        "Nested": writer.described([20, 20, 4, 3, 2], bytes(12)),
    }
    np.testing.assert_array_equal(opened(tags)[0].read().pixels, IMAGE)
    found = read_tags(opened(tags).path)[1]
    assert [found[name].size for name in ("Rectangle", "Table", "Text", "Nested")] == [16, 30, 7, 12]


@pytest.mark.parametrize(
    "about", [[99], [20, 99, 4], [20], [15, 0, 9], [15], [18], [], [1] * 2000, [20] * 900, [20, 4, 2**31], [18, 2**31]]
)
def test_data_that_are_not_described_well_are_refused(opened, version, about):
    with pytest.raises(UserError, match="cannot be read"):
        opened(tree(image(IMAGE)) | {"Odd": Writer(version).described(about)})


def test_a_tree_without_end_is_refused(opened):
    deep = {"Value": np.int32(1)}
    for _ in range(DEEPEST - 2):
        deep = {"Deeper": deep}
    opened(tree(image(IMAGE)) | deep)
    with pytest.raises(UserError, match=f"nested more than {DEEPEST} deep"):
        opened(tree(image(IMAGE)) | {"Deeper": {"Deeper": deep}})


def test_a_group_that_claims_more_tags_than_there_are_is_refused(opened, version):
    content = bytearray(Writer(version).file(tree(image(IMAGE))))
    at = 14 if version == 3 else 18
    content[at : at + 4] = b"\xff" * 4
    with pytest.raises(UserError, match="cannot be read"):
        opened(bytes(content))


def test_a_file_cut_short_is_refused(opened, version):
    whole = Writer(version).file(tree(image(IMAGE)))
    for length in range(len(whole)):
        with pytest.raises(UserError, match="cannot be read"):
            opened(whole[:length])


def test_opening_reads_no_pixels_and_a_plane_only_its_own(opened, version, monkeypatch):
    source = opened(tree(image(STACK)))
    read = []
    memmap = np.memmap
    monkeypatch.setattr(np, "memmap", lambda *args: read.append(args[4]) or memmap(*args))
    assert source[1].read().pixels.tolist() == STACK[1].tolist()
    assert read == [STACK.shape[1:]]
