"""EMD files of Velox and NCEM give what a writer after their descriptions put into them."""

import json

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.store.micrographs import open_source

KINDS = ["u1", "u2", "i2", "i4", "f4", "f8"]
STACK = np.arange(24, dtype="u2").reshape(2, 3, 4)


def velox(path, *stacks, size=("1e-9", "2e-9"), unit="m", detectors=(), about=None):
    """Stacks (frame, y, x); `size` along (Y, X) as text, as Velox writes it."""
    with h5py.File(path, "w") as file:
        for number, stack in enumerate(stacks):
            group = file.create_group(f"Data/Image/{number:032x}")
            group["Data"] = np.moveaxis(stack, 0, -1)
            result = {"PixelSize": {"height": size[0], "width": size[1]}, "PixelUnitX": unit, "PixelUnitY": unit}
            result["Detector"] = detectors[number] if detectors else "BM-Ceta"
            text = json.dumps({"BinaryResult": result, **(about or {})}).encode()
            column = np.frombuffer(text.ljust(1000, b"\0"), "u1")
            group["Metadata"] = np.stack([column] * len(stack), axis=1)
    return path


def ncem(path, data, dims, *more):
    """One group with `dims` (name, units, values), and further ones."""
    with h5py.File(path, "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        for number, (pixels, axes) in enumerate([(data, dims), *more]):
            group = file.create_group(f"data/image_{number}")
            group.attrs["emd_group_type"] = 1
            group["data"] = pixels
            for i, (name, units, values) in enumerate(axes, start=1):
                group[f"dim{i}"] = values
                group[f"dim{i}"].attrs.update({"name": np.bytes_(name), "units": units})
    return path


SIDES = [("y", "[n_m]", [0.0, 0.5, 1.0]), ("x", "[n_m]", [0.0, 0.25, 0.5, 0.75])]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(KINDS), writer=st.sampled_from(["velox", "ncem"]))
def test_pixels_come_back(tmp_path, data, kind, writer):
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)))
    stack = data.draw(arrays(kind, shape, elements={"allow_nan": False} if kind[0] == "f" else None))
    path = tmp_path / "a.emd"
    if writer == "velox":
        velox(path, stack)
    else:
        ncem(path, stack, [(name, "", np.arange(n)) for name, n in zip("tyx", shape, strict=True)])
    source = open_source(path)
    assert len(source) == shape[0]
    for plane, expected in zip(source, stack, strict=True):
        np.testing.assert_array_equal(plane.read().pixels, expected)


def test_velox_states_the_pixel_size_and_the_time_of_a_frame(tmp_path):
    source = open_source(velox(tmp_path / "a.emd", STACK, about={"Scan": {"FrameTime": "0.5"}}))
    np.testing.assert_allclose(source.pixel_size_nm, (1, 2))
    assert (source.lengths, source.interval_s) == ({"t": 2}, 0.5)
    assert open_source(velox(tmp_path / "b.emd", STACK[:1], about={"Scan": {"FrameTime": "0.5"}})).interval_s is None


@pytest.mark.parametrize("about", [{"unit": "1/m"}, {"unit": ""}, {"size": ("0", "0")}, {"about": {"BinaryResult": 1}}])
def test_no_length_is_no_pixel_size(tmp_path, about):
    assert open_source(velox(tmp_path / "a.emd", STACK, **about)).pixel_size_nm is None


def test_metadata_may_be_missing(tmp_path):
    with h5py.File(velox(tmp_path / "a.emd", STACK), "a") as file:
        del file[f"Data/Image/{0:032x}/Metadata"]
    assert open_source(tmp_path / "a.emd").pixel_size_nm is None


def test_the_largest_image_is_read_and_the_others_are_named(tmp_path):
    path = velox(tmp_path / "a.emd", STACK[:, :2], STACK, STACK + 1, detectors=["BF", "HAADF", "DF4"])
    source = open_source(path)
    np.testing.assert_array_equal(source[1].read().pixels, STACK[1])
    assert source.remarks == ("1 of 3 images of the file read: number 2, 4 x 3 px, HAADF.",)
    source = open_source(ncem(tmp_path / "b.emd", STACK[0], SIDES, (STACK[0, :2], SIDES)))
    assert source.remarks == ("1 of 2 images of the file read: number 1, 4 x 3 px, image_0.",)


@pytest.mark.parametrize(
    ("unit", "nm"),
    [("[n_m]", 1), ("[u_m]", 1e3), ("nm", 1), (np.bytes_("[Å]".encode()), 0.1), ("[n_m^-1]", None), ("", None)],
)
def test_ncem_states_the_pixel_size_by_its_axes(tmp_path, unit, nm):
    source = open_source(ncem(tmp_path / "a.emd", STACK[0], [(name, unit, values) for name, _, values in SIDES]))
    assert source.pixel_size_nm == (None if nm is None else pytest.approx((0.5 * nm, 0.25 * nm)))


def test_ncem_names_its_axes(tmp_path):
    y, x = SIDES
    path = ncem(tmp_path / "a.emd", STACK.transpose(2, 1, 0), [x, y, ("time", "[s]", [0.0, 0.25])])
    source = open_source(path)
    assert (source.lengths, source.interval_s, source.pixel_size_nm) == ({"t": 2}, 0.25, (0.5, 0.25))
    depth = open_source(ncem(tmp_path / "b.emd", STACK, [("depth", "[n_m]", [0.0, 7.0]), y, x]))
    assert (depth.lengths, depth.interval_s) == ({"z": 2}, None)


@pytest.mark.parametrize("order", ["yx", "xy"])
def test_the_axes_of_ncem_may_come_in_any_order(tmp_path, order):
    dims = dict(zip("yx", SIDES, strict=True))
    data = STACK[0] if order == "yx" else STACK[0].T
    source = open_source(ncem(tmp_path / "a.emd", data, [dims[name] for name in order]))
    np.testing.assert_array_equal(source[0].read().pixels, STACK[0])
    assert source.pixel_size_nm == (0.5, 0.25)


def test_axes_of_ncem_may_be_missing(tmp_path):
    source = open_source(ncem(tmp_path / "a.emd", STACK, []))
    assert (source.lengths, source.pixel_size_nm) == ({"t": 2}, None)


@pytest.mark.parametrize("data", [np.arange(5), np.zeros((3, 4), complex), np.zeros((3, 4), "S3")])
def test_a_file_without_an_image_is_refused(tmp_path, data):
    ncem(tmp_path / "a.emd", data, [])
    with pytest.raises(UserError, match=r"a\.emd holds no image; particles are measured in images"):
        open_source(tmp_path / "a.emd")


@pytest.mark.parametrize("shape", [(10**9, 10**9), (3, 3, 10**12)])
def test_sizes_that_cannot_be_are_refused(tmp_path, shape):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        file.create_dataset("Data/Image/0/Data", shape, "u2", chunks=(3, 3, 16)[: len(shape)])
    with pytest.raises(UserError, match=r"a\.emd cannot be read \(.* pixels need \d+ bytes, the file has \d+"):
        open_source(tmp_path / "a.emd")


@pytest.mark.parametrize("place", ["Data/Image", "Data/Image/0", "Data/Image/0/Data/deeper"])
def test_other_things_at_the_place_of_images_are_refused(tmp_path, place):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        file[place] = np.zeros((3, 4))
    with pytest.raises(UserError, match=r"a\.emd holds no image"):
        open_source(tmp_path / "a.emd")


def test_a_file_cut_short_is_refused(tmp_path):
    whole = velox(tmp_path / "a.emd", STACK).read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "a.emd").write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"a\.emd cannot be read"):
            open_source(tmp_path / "a.emd")
