"""Folders of images read as one series."""

import numpy as np
import pytest
import tifffile

from particleforge.errors import UserError
from particleforge.store.planes import find_planes
from particleforge.store.tiff_scale import scale_tags

MOVIE = np.random.default_rng(0).integers(0, 255, (12, 20, 30), dtype=np.uint8)


def write(folder, pixels=MOVIE, size=(0.5, 0.5)):
    folder.mkdir()
    for number, frame in enumerate(pixels):
        tifffile.imwrite(folder / f"frame{number}.tif", frame, metadata=None, **scale_tags(size))
    return folder


def test_frames_are_ordered_by_number_and_read_by_windows(tmp_path):
    planes = find_planes(write(tmp_path / "movie"), as_series=True)
    assert planes.names == [f"movie_{number:05d}" for number in range(12)]
    for number, plane in enumerate(planes):
        assert plane.columns == {"frame": number} and plane.shape == (20, 30)
        np.testing.assert_array_equal(plane.window(slice(3, 9), slice(5, 30)).pixels, MOVIE[number, 3:9, 5:])
    assert plane.source.pixel_size_nm == pytest.approx((0.5, 0.5)) and not plane.read().size_remarks


def test_without_it_they_are_separate_images(tmp_path):
    assert find_planes(write(tmp_path / "movie")).names == sorted(f"frame{number}" for number in range(12))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (MOVIE[0].astype(np.uint16), r"frame99\.tif has 20 x 30 px of uint16, frame0\.tif has 20 x 30 px of uint8"),
        (MOVIE[0, :10], r"frame99\.tif has 10 x 30 px of uint8"),
        (np.dstack([MOVIE[0]] * 3), r"frame99\.tif has 20 x 30 px of uint8, 3 channels"),
        (MOVIE[:2], r"frame99\.tif is a stack"),
    ],
)
def test_frames_must_be_alike(tmp_path, other, message):
    tifffile.imwrite(write(tmp_path / "movie") / "frame99.tif", other)
    (plane,) = find_planes(tmp_path / "movie", as_series=True)
    with pytest.raises(UserError, match=message):
        plane.read()


def test_pixel_sizes_that_differ_are_not_used(tmp_path):
    folder = write(tmp_path / "movie")
    tifffile.imwrite(folder / "frame99.tif", MOVIE[0], metadata=None, **scale_tags((0.7, 0.7)))
    plane = next(iter(find_planes(folder, as_series=True)))
    assert plane.source.pixel_size_nm is None
    assert plane.read().size_remarks == ("The images of the series state different pixel sizes; none is used.",)
