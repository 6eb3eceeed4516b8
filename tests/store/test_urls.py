"""Images at URLs are read by windows; what fails is a sentence."""

import http.server
import sys
import threading
import uuid
from contextlib import contextmanager

import numpy as np
import pytest
import zarr

from particleforge.errors import UserError
from particleforge.store.fingerprints import Fingerprints
from particleforge.store.planes import find_planes
from particleforge.store.urls import is_url, url_stem

MOVIE = np.random.default_rng(0).integers(1, 2**16, (2, 40, 50), dtype=np.uint16)


def written(place, version="0.5", axes="tyx", levels=1, pixels=MOVIE, **layout):
    group = zarr.open_group(place, mode="w", zarr_format=2 if version == "0.4" else 3)
    for level in range(levels):
        group.create_array(str(level), data=pixels[..., :: 2**level, :: 2**level], **layout)
    units = {"t": "second", "y": "nanometer", "x": "nanometer"}
    about = {
        "version": version,
        "axes": [{"name": axis} | ({"unit": units[axis]} if axis in units else {}) for axis in axes],
        "datasets": [
            {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [2.0**level] * len(axes)}]}
            for level in range(levels)
        ],
    }
    group.attrs.update({"multiscales": [about]} if version == "0.4" else {"ome": {"multiscales": [about]}})


@contextmanager
def served(folder, failing=lambda number: False):
    """Web server of a folder; requests for chunks fail by their number. Yields its address and their paths."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def do_GET(self):
            if "json" not in self.path and ".z" not in self.path.rpartition("/")[2]:
                asked.append(self.path)
                if failing(len(asked)):
                    return self.send_error(500)
            return super().do_GET()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_only_the_chunks_of_a_window_are_fetched(tmp_path, version):
    written(tmp_path / "a.zarr", version, levels=2, chunks=(1, 16, 16))
    with served(tmp_path) as (address, asked):
        plane = find_planes(f"{address}/a.zarr").get("a_00001")
        assert not asked and plane.shape == (40, 50) and plane.place == f"{address}/a.zarr, plane 1"
        window = plane.window(slice(20, 30), slice(33, 47))
        np.testing.assert_array_equal(window.pixels, MOVIE[1, 20:30, 33:47])
        assert len(asked) == 1 and window.pixel_size_nm == (1, 1) and plane.time_s == 1
        (level,) = plane.source.levels
        np.testing.assert_array_equal(level[1].read().pixels, MOVIE[1, ::2, ::2])
        assert Fingerprints()(plane) == f"{address}/a.zarr, 2 x 40 x 50 uint16, pixels of 1 x 1 nm"


def test_shards_are_read_in_parts():
    place = f"memory://{uuid.uuid4().hex}/deep.zarr"
    written(place, shards=(1, 32, 32), chunks=(1, 8, 8))
    plane = find_planes(place).get("deep_00000")
    np.testing.assert_array_equal(plane.window(slice(3, 40), slice(30, 34)).pixels, MOVIE[0, 3:40, 30:34])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_that_fails_is_a_sentence_and_the_rest_can_be_read_again(tmp_path):
    written(tmp_path / "a.zarr", chunks=(1, 16, 16))
    with served(tmp_path, failing=lambda number: number == 3) as (address, _):
        plane = find_planes(f"{address}/a.zarr").get("a_00000")
        with pytest.raises(UserError, match=r"a\.zarr cannot be read \(500.*Check the connection"):
            plane.read()
        np.testing.assert_array_equal(plane.read().pixels, MOVIE[0])
    with pytest.raises(UserError, match=r"cannot be read \(Cannot connect .* Check the connection"):
        find_planes(f"{address}/a.zarr").get("a").read()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nothing/a.zarr", "There is no zarr at memory://nothing/a.zarr"),
        ("nix://host/a.zarr", "the protocol nix is not known"),
        ("gs://bucket/a.zarr", r"needs a package that is not installed \(.*gcsfs.*napari-particleforge\[remote\]"),
    ],
)
def test_addresses_that_cannot_be_read(url, message, monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(UserError, match=message):
        find_planes(url).get(url_stem(url)).read()


@pytest.mark.parametrize(
    ("url", "name"), [("s3://bucket/x/a.ome.zarr/", "a"), ("https://host/b.zarr?key=1", "b"), ("memory://c.zarr", "c")]
)
def test_urls_have_names(url, name):
    assert is_url(url) and url_stem(url) == name


@pytest.mark.parametrize("path", ["C:/images/a.tif", "/images/a.tif", "a.tif", "C://a.tif", "images"])
def test_paths_are_not_urls(path):
    assert not is_url(path)


@pytest.mark.parametrize("missing", ["0", "1"])
def test_levels_that_are_missing(missing):
    place = f"memory://{uuid.uuid4().hex}/a.zarr"
    written(place, levels=3)
    del zarr.open_group(place)[missing]
    if missing == "0":
        with pytest.raises(UserError, match=r"a\.zarr: the full resolution is not there"):
            find_planes(place).get("a").read()
    else:
        plane = find_planes(place).get("a_00000")
        assert [level.sides for level in plane.source.levels] == [(10, 13)]
        assert plane.read().remarks == ("Not used, because files are missing: 1 coarser version of the image.",)
