import time
import tracemalloc

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from particleforge.errors import UserError
from particleforge.store.project import Project
from particleforge.store.thumbnails import FOLDER, SIDE_PX, thumbnail


def made(folder, name, pixels, **about):
    """Thumbnail of an image, as an array."""
    tifffile.imwrite(folder / f"{name}.tif", pixels, **about)
    return np.asarray(Image.open(thumbnail(Project(folder), name)))


def test_it_shows_the_image(tmp_path):
    grey = np.zeros((300, 600), np.uint16)
    grey[:, 300:] = 4000
    grey[0, 0] = 65535  # a hot pixel does not take the contrast
    small = made(tmp_path, "a", grey)
    assert small.shape == (48, 96) and small.dtype == np.uint8
    assert (small[5:, :47] == 0).all() and (small[5:, 49:] == 255).all()


def test_it_averages_where_it_makes_smaller(tmp_path):
    checks = np.indices((384, 384)).sum(0) % 2 * np.uint8(200)
    small = made(tmp_path, "a", checks)
    assert small.shape == (96, 96) and np.ptp(small) <= 1 and abs(small.mean() - 127) < 2


def test_it_is_made_once_and_again_when_the_file_changes(tmp_path):
    made(tmp_path, "a", np.eye(50, dtype=np.uint8))
    project = Project(tmp_path)
    first = thumbnail(project, "a")
    before = first.stat().st_mtime_ns
    assert thumbnail(project, "a") == first and first.stat().st_mtime_ns == before
    tifffile.imwrite(tmp_path / "a.tif", np.ones((60, 50), np.uint8))
    second = thumbnail(project, "a")
    assert second != first and [path.name for path in (tmp_path / FOLDER).iterdir()] == [second.name]
    assert (np.asarray(Image.open(second)) == 127).all()


def test_each_plane_of_a_stack_has_its_own(tmp_path):
    stack = np.zeros((3, 20, 20), np.uint8)
    for number, plane in enumerate(stack):
        plane[number] = 255
    tifffile.imwrite(tmp_path / "run.tif", stack, photometric="minisblack")
    project = Project(tmp_path)
    rows = [np.asarray(Image.open(thumbnail(project, name))).argmax(0)[0] for name in project.names]
    assert rows == [0, 1, 2]
    assert len(list((tmp_path / FOLDER).iterdir())) == 3
    assert [image.name for image in Project(tmp_path).images] == project.names


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    pixels=st.sampled_from([np.uint8, np.int16, np.float32]).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=200))
    )
)
def test_any_image_has_one(tmp_path, pixels):
    small = made(tmp_path, "a", pixels)
    assert max(small.shape) == min(max(pixels.shape), SIDE_PX)


def test_colours_and_pixels_that_are_no_numbers(tmp_path):
    colours = np.zeros((30, 40, 3), np.uint8)
    colours[:, 20:, 1] = 255
    assert made(tmp_path, "colours", colours, photometric="rgb")[0, -1] == 255
    broken = np.full((30, 30), np.nan, np.float32)
    assert (made(tmp_path, "nan", broken) == 127).all()


def test_a_large_image_needs_no_second_one_in_memory(tmp_path):
    side = 4096
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((side, side), np.uint16), compression="zlib")
    project = Project(tmp_path)
    tracemalloc.start()
    began = time.perf_counter()
    thumbnail(project, "a")
    seconds, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * side * side * 2 and seconds < 3


def test_what_cannot_be_shown_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 9), np.uint8))
    project = Project(tmp_path)
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(UserError, match="cannot be read"):
        thumbnail(project, "a")
    (tmp_path / "a.tif").unlink()
    with pytest.raises(UserError, match="missing"):
        thumbnail(project, "a")
    assert not (tmp_path / FOLDER).exists()
