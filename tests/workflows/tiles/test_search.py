"""Tiles change nothing: what is found in them is what is found in one piece."""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.burnt_in import marks, picture_rows
from particleforge.compute import Local
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.step import run
from particleforge.store.planes import find_planes
from particleforge.workflows._finder import Finder
from particleforge.workflows._tiles import large_image
from particleforge.workflows._tiles.large_image import burnt_in
from particleforge.workflows._tiles.search import Search, search_steps, settle_steps

SHAPE = (170, 233)


def scene(seed, largest_px=14, shape=SHAPE, count=None):
    """Ellipses that overlap each other and the border, blurred, with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = np.zeros(shape)
    for _ in range(count or shape[0] * shape[1] // 2200):
        (row, column), (a, b), turn = rng.random(2) * shape, rng.uniform(5, largest_px, 2), rng.random() * np.pi
        along = (x - column) * np.cos(turn) + (y - row) * np.sin(turn)
        across = (y - row) * np.cos(turn) - (x - column) * np.sin(turn)
        image[(along / a) ** 2 + (across / b) ** 2 < 1] = rng.uniform(0.5, 1)
    noise = rng.normal(0, 40, shape)
    return (ndimage.gaussian_filter(image, 1) * 1000 + noise + 300).clip(0).astype(np.uint16)


@cache
def finder(**options):
    return Finder("base", options, None, True)


def in_tiles(image, find, folder, core_px, rows=None):
    search = Search(find_planes(image), "image", find, folder, rows or (0, len(image)), core_px)
    searched = run(search_steps(search, Local()))
    found, ids = searched.search.read_objects(search.grid, searched.first_ids)
    assert ids.tolist() == list(range(1, 1 + len(found))) and searched.count == len(found)
    return in_order(found)


def in_one_piece(image, find):
    return in_order(run(find.detector.steps(Micrograph(image), find.options)))


def in_order(found):
    return found.only(1 + np.lexsort(found.points.T))


def assert_same(tiled, whole):
    assert len(tiled) == len(whole) >= 5
    assert tiled.points == pytest.approx(whole.points, abs=1e-6)
    assert tiled.scores == pytest.approx(whole.scores, abs=1e-5)
    assert tiled.outlines.arrays()["dist"] == pytest.approx(whole.outlines.arrays()["dist"], abs=1e-3)
    labels = [found.outlines.paint(found.shape, found.scores) for found in (tiled, whole)]
    assert (labels[0] != labels[1]).mean() < 1e-4


@pytest.mark.parametrize(("scale", "core_px"), [(1.0, 100), (0.7, 131)])
def test_tiles_find_what_one_piece_finds(tmp_path, scale, core_px):
    image, find = scene(1), finder(scale=scale)
    assert_same(in_tiles(image, find, tmp_path, core_px), in_one_piece(image, find))


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.integers(64, 300), st.sampled_from([0.5, 0.83, 1.0, 1.3]), st.integers(0, 40))
def test_any_tiles_of_any_scene(tmp_path_factory, seed, core_px, scale, cut):
    image, find = scene(seed)[cut:, cut // 2 :], finder(scale=scale)
    whole, folder = in_one_piece(image, find), tmp_path_factory.mktemp("tiles")
    if whole.reach_px <= core_px / 2:
        assert_same(in_tiles(image, find, folder, core_px), whole)
    else:
        with pytest.raises(UserError, match="more than half of a tile"):
            in_tiles(image, find, folder, core_px)


def test_particles_larger_than_a_tile_are_refused(tmp_path):
    image, find = scene(1), finder(scale=1.0)
    with pytest.raises(UserError, match="more than half of a tile of 20 px") as raised:
        in_tiles(image, find, tmp_path, 20)
    assert "at least 64 px" in str(raised.value)


def test_what_is_written_is_not_computed_again(tmp_path):
    image, find = scene(1), finder(scale=1.0)
    found = in_tiles(image, find, tmp_path, 128)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    bytes_before = {path: path.read_bytes() for path in files}
    assert len(files) == 8
    gone = sorted(files)[::3]
    for path in gone:
        path.unlink()
    again = in_tiles(image, find, tmp_path, 128)
    assert again.points.tolist() == found.points.tolist()
    assert {path: path.read_bytes() for path in files} == bytes_before
    assert {path for path in files if path.stat().st_mtime_ns != files[path]} == set(gone)


def test_burnt_in_bars_and_marks_of_large_images_are_left_out(monkeypatch):
    grey = np.random.default_rng(0).normal(100, 10, (640, 800)).clip(20, 180).astype(np.uint8)
    grey[560:] = 0
    grey[590:600, 600:700] = 255
    grey[500:506, 60:200], grey[470:490, 100:110], grey[470:490, 120:130], grey[470:490, 140:150] = 255, 255, 255, 255
    grey[474:486, 102:108], grey[474:486, 122:128], grey[474:486, 142:148] = 100, 100, 100
    plane = find_planes(grey).get("image")
    assert burnt_in(plane) == (picture_rows(grey.astype(float)), marks(grey[:560].astype(float)))
    assert burnt_in(plane)[0] == (0, 560) and len(burnt_in(plane)[1]) == 2
    monkeypatch.setattr(large_image, "BAR_PX", grey.size / 4)
    rows, windows = burnt_in(plane)
    assert rows == (0, 560) and len(windows) == 2
    for coarse, fine in zip(windows, marks(grey[:560].astype(float)), strict=True):
        for one, other in zip(coarse, fine, strict=True):
            assert abs(one.start - other.start) <= 4 and abs(one.stop - other.stop) <= 4


@pytest.mark.parametrize(("scale", "most_px"), [(1.0, 2112), (2.0, 1056), (0.1, 3072)])
def test_tiles_are_no_larger_than_memory_allows(tmp_path, scale, most_px):
    image, find = scene(1), finder(scale=scale)
    search = Search(find_planes(image), "image", find, tmp_path, (0, len(image)), 256)
    tiled = run(settle_steps(search, Local())).tiled
    assert 0.9 * most_px < tiled.core_px <= most_px
