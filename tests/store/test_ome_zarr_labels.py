"""Labels as OME-Zarr: valid, and read back by us and by others."""

import numpy as np
import pytest
import zarr
from ome_zarr_models.v05.image import Image
from ome_zarr_models.v05.image_label import ImageLabel

from particleforge.errors import UserError
from particleforge.store.micrographs import read_micrograph
from particleforge.store.ome_zarr_labels import write_ome_labels


def labels_of(*shape):
    ids = np.zeros(shape, np.uint32)
    ids[..., 3:9, 4:12] = 7
    ids[..., 20:30, 20:30] = 4_000_000_000
    return ids


@pytest.mark.parametrize("coloured", [False, True])
@pytest.mark.parametrize("stack", [(), (3,)])
def test_image_and_labels_are_valid_and_read_back(tmp_path, stack, coloured):
    labels = labels_of(*stack, 40, 50)
    shape = (*labels.shape, 3) if coloured else labels.shape
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    path = tmp_path / "image.ome.zarr"
    write_ome_labels(path, labels, pixels, (2.0, 2.5))
    Image.from_zarr(zarr.open_group(path, mode="r"))
    described = ImageLabel.from_zarr(zarr.open_group(path / "labels" / "particles", mode="r"))
    (scale,) = described.attributes.ome.multiscales[0].datasets[0].coordinateTransformations
    assert tuple(scale.scale) == (*[1.0] * len(stack), 2.0, 2.5)
    np.testing.assert_array_equal(zarr.open_array(path / "labels" / "particles" / "0")[:], labels)
    if not stack:
        back = read_micrograph(path)
        np.testing.assert_array_equal(back.pixels, pixels)
        assert back.pixel_size_nm == (2.0, 2.5)


def test_large_labels_have_coarser_levels_in_the_same_place(tmp_path):
    labels = labels_of(1500, 700)
    write_ome_labels(tmp_path / "a.ome.zarr", labels)
    own = zarr.open_group(tmp_path / "a.ome.zarr" / "labels" / "particles", mode="r")
    levels = own.attrs["ome"]["multiscales"][0]["datasets"]
    assert [level["coordinateTransformations"][0]["scale"] for level in levels] == [[1, 1], [2, 2], [4, 4]]
    for step, level in zip((1, 2, 4), levels, strict=True):
        np.testing.assert_array_equal(own[level["path"]][:], labels[::step, ::step])


def test_nothing_is_overwritten(tmp_path):
    write_ome_labels(tmp_path / "a.ome.zarr", labels_of(40, 50))
    with pytest.raises(UserError, match="nothing is overwritten"):
        write_ome_labels(tmp_path / "a.ome.zarr", labels_of(40, 50))
