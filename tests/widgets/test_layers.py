"""Which layers become micrographs, and what they keep."""

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels

from particleforge.errors import UserError
from particleforge.store.micrographs import read_micrograph, write_micrograph
from particleforge.widgets.layers import file_name, geometry, pixel_size_nm, planes, stack

PIXELS = np.arange(30 * 40).reshape(30, 40)


@pytest.mark.parametrize("dtype", [bool, "u1", "u2", "i4", "u4", "i8", "f2", "f4", "f8"])
def test_pixels_of_every_type_survive_the_way_through_a_file(dtype, tmp_path):
    (plane,) = planes(Image((PIXELS % 200).astype(dtype)))
    micrograph = plane.read()
    write_micrograph(tmp_path / "a.tif", micrograph)
    back = read_micrograph(tmp_path / "a.tif")
    np.testing.assert_array_equal(back.pixels, (PIXELS % 200).astype(dtype))
    assert back.pixel_size_nm is None


def test_a_stack_is_its_planes_and_dask_is_computed_plane_by_plane():
    computed = []

    def load(block, block_info=None):
        computed.append(block_info[0]["chunk-location"][0])
        return block

    data = da.from_array(np.stack([PIXELS, PIXELS + 1, PIXELS + 2]), chunks=(1, 30, 40)).map_blocks(
        load, dtype=PIXELS.dtype, meta=np.zeros((0, 0, 0), PIXELS.dtype)
    )
    layer = Image(data, contrast_limits=(0, 2000))
    found = planes(layer)
    computed.clear()
    np.testing.assert_array_equal(found[1].read().pixels, PIXELS + 1)
    assert computed == [1]
    assert stack([plane.read().pixels for plane in found], layer).shape == (3, 30, 40)


def test_rgb_is_one_image_in_colour():
    layer = Image(np.stack([PIXELS] * 3, -1).astype("u1"), rgb=True)
    (plane,) = planes(layer)
    assert plane.read().axes == "YXC" and plane.read().grey.shape == (30, 40)
    assert stack([np.zeros((30, 40))], layer).shape == (30, 40)


def test_zarr_is_read_plane_by_plane(tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", data=np.stack([PIXELS, PIXELS + 1]).astype("u2"), chunks=(1, 30, 40))
    layer = Image(array, name="run/1")
    found = planes(layer)
    assert [plane.name for plane in found] == ["run_1_00000", "run_1_00001"]
    np.testing.assert_array_equal(found[1].read().pixels, PIXELS + 1)
    assert stack([plane.read().pixels for plane in found], layer).shape == array.shape


@pytest.mark.parametrize("lazy", [False, True])
def test_a_multiscale_stack_is_the_planes_of_its_finest_level(lazy):
    levels = [np.stack([PIXELS] * 3), np.stack([PIXELS[::2, ::2]] * 3)]
    layer = Image([da.from_array(level) for level in levels] if lazy else levels, multiscale=True)
    found = planes(layer)
    assert len(found) == 3 and found[2].read().shape == (30, 40)
    assert stack([np.zeros((30, 40))] * 3, layer).shape == (3, 30, 40)


def test_a_stack_in_colour_is_its_planes_in_colour():
    layer = Image(np.stack([np.stack([PIXELS] * 3, -1).astype("u1")] * 2), rgb=True)
    found = planes(layer)
    assert [plane.read().axes for plane in found] == ["YXC", "YXC"]
    assert stack([np.zeros((30, 40))] * 2, layer).shape == (2, 30, 40)


def test_the_finest_level_is_taken():
    layer = Image([PIXELS, PIXELS[::2, ::2]], multiscale=True)
    assert planes(layer)[0].read().shape == (30, 40)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((2, 2, 5, 5)), "has 4 axes"),
        (np.zeros((5, 5), complex), "complex"),
        (np.zeros((0, 5)), "is empty"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(data, words):
    with pytest.raises(UserError, match=words) as error:
        planes(type("Layer", (), {"data": data, "multiscale": False, "rgb": False, "name": "L"})())
    assert error.value.hint


def test_units_become_nanometres():
    assert pixel_size_nm(Image(PIXELS, scale=(0.5, 0.25), units="um")) == pytest.approx((500, 250))
    assert pixel_size_nm(Image(PIXELS, scale=(2, 2))) is None
    (plane,) = planes(Image(PIXELS, scale=(3, 3), units="nm"))
    assert plane.read().pixel_size_nm == pytest.approx((3, 3))


def test_a_new_layer_lies_where_its_source_does():
    source = Image(
        PIXELS, scale=(2, 3), translate=(4, 5), rotate=10, units=("nm", "nm"), axis_labels=("v", "u"), shear=[0.1]
    )
    copy = Labels(np.zeros((30, 40), int), **geometry(source))
    for corner in ((0, 0), (29, 39)):
        np.testing.assert_allclose(copy.data_to_world(corner), source.data_to_world(corner))
    assert copy.units == source.units and copy.axis_labels == source.axis_labels


@pytest.mark.parametrize(("name", "file"), [("a/b: c*.", "a_b_ c_"), ("...", "image"), ("Probe µ 1", "Probe µ 1")])
def test_names_become_file_names(name, file):
    assert file_name(name) == file
