"""Formats that only a napari plugin of the user can read are read by it, with scale and units of its layer."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest
from npe2 import DynamicPlugin

from particleforge.errors import UserError
from particleforge.store.image_files import image_paths
from particleforge.store.left_out import left_out
from particleforge.store.micrographs import open_source
from particleforge.store.planes import find_planes
from particleforge.store.selection import Selection
from particleforge.workflows.measure import MeasureParams, measure

GREY = np.arange(63, dtype=np.float32).reshape(7, 9)


@pytest.fixture
def plugin():
    """Install a plugin for *.foreign and return the list of layers it gives; an exception in it is raised."""
    layers = []
    with DynamicPlugin("a-plugin") as made:

        @made.contribute.reader(filename_patterns=["*.foreign", "*.csv"])
        def get_reader(path):
            def read(_):
                for layer in layers:
                    if isinstance(layer, Exception):
                        raise layer
                return layers

            return read

        yield layers


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.foreign").write_bytes(b"?")
    return tmp_path / "a.foreign"


@pytest.mark.parametrize(
    ("about", "size"),
    [
        ({"scale": (2, 3), "units": ("nm", "nm")}, (2, 3)),
        ({"scale": (0.002, 0.002), "units": "um"}, (2, 2)),
        ({"scale": (-2.0, 2.0), "units": ["nm", "nm"]}, (2, 2)),
        ({"scale": (2, 3)}, None),
        ({"scale": (2, 3), "units": ("pixel", "pixel")}, None),
        ({}, None),
    ],
)
def test_the_layer_states_the_pixel_size(plugin, path, about, size):
    plugin.append((GREY, about, "image"))
    (plane,) = open_source(path)
    found = plane.read()
    np.testing.assert_array_equal(found.pixels, GREY)
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert found.remarks == ("Read by the napari plugin a-plugin.",) and found.name == "a"
    without = "The scale 3 has no unit of length: no pixel size."
    assert found.size_remarks == ((without,) if "scale" in about and size is None else ())


@pytest.mark.parametrize(
    ("shape", "about", "axes"),
    [
        ((2, 7, 9), {}, "TYX"),
        ((2, 3, 7, 9), {}, "TZYX"),
        ((3, 7, 9), {"axis_labels": ("z", "y", "x")}, "ZYX"),
        ((9, 7), {"axis_labels": ("x", "y")}, "YX"),
        ((7, 9, 3), {}, "YXC"),
        ((7, 9, 3), {"rgb": True}, "YXC"),
        ((1, 7, 9, 4), {}, "YXC"),
        ((2, 7, 9), {"channel_axis": 0}, "YXC"),
        ((4, 2, 7, 9), {"channel_axis": 1}, "TYXC"),
    ],
)
def test_axes_are_those_of_the_layer(plugin, path, shape, about, axes):
    plugin.append((np.zeros(shape), about))
    assert open_source(path).axes == axes


def test_the_finest_of_several_resolutions_is_read(plugin, path):
    plugin.append(([GREY, GREY[::2, ::2]], {"multiscale": True}, "image"))
    assert open_source(path).pixels.shape == (7, 9)


def test_of_several_images_one_is_read_and_the_others_are_named(plugin, path):
    plugin += [
        (np.zeros((3, 2)), {}, "points"),
        (GREY, {"name": "BF"}, "image"),
        (GREY + 1, {"name": "HAADF"}, "image"),
    ]
    assert open_source(path).remarks[1] == "1 of 2 images of the file read: number 1, BF."
    np.testing.assert_array_equal(open_source(path, Selection(series=2))[0].read().pixels, GREY + 1)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([zipfile.BadZipFile("no such entry")], "a-plugin: no such entry"),
        ([(np.zeros((3, 2)), {}, "points")], "a-plugin: no image in it"),
        ([(np.zeros((2, 2, 2, 7, 9)), {}, "image")], r"shape \(2, 2, 2, 7, 9\) with axes TZYX is not supported"),
        ([(np.zeros(5), {}, "image")], "No napari plugin can read"),
    ],
)
def test_what_a_plugin_cannot_read_fails_alone(plugin, path, layers, message):
    plugin += layers
    with pytest.raises(UserError, match=message):
        open_source(path)
    np.save(path.with_name("b.npy"), GREY)
    broken, fine = find_planes([path, GREY])
    with pytest.raises(UserError, match=message):
        broken.read()
    assert fine.read().shape == (7, 9)


def test_files_of_a_folder_are_images_if_a_plugin_names_their_suffix(plugin, path):
    for name in ("a.csv", "b.gif", "c.unknown"):
        path.with_name(name).touch()
    assert image_paths(path.parent) == [path]
    assert left_out(path.parent) == {".gif": 1, ".unknown": 1}


def test_without_a_plugin_the_sentence_says_what_to_do(path):
    with pytest.raises(UserError, match=r"a\.foreign is not an image.*Save it as TIFF, or install a napari plugin"):
        image_paths(path)


def test_it_is_measured(plugin, path, tmp_path):
    squares = np.zeros((64, 64), np.uint8)
    squares[8:20, 8:20] = squares[40:50, 30:40] = 200
    plugin.append((squares, {"scale": (2, 2), "units": ("nm", "nm")}, "image"))
    found = measure("threshold", path.parent, tmp_path / "out", MeasureParams(reports=False))
    assert found.summary["images"]["a"]["pixel_size_nm"] == 2
    assert found.summary["images"]["a"]["remarks"] == ["Read by the napari plugin a-plugin."]


def test_plugins_are_not_asked_for_known_formats():
    code = "import sys; from pathlib import Path\nfrom particleforge.store.image_files import image_paths\n"
    code += "import particleforge.store.micrographs; image_paths(Path(sys.argv[1])); print('npe2' in sys.modules)"
    folder = "src/particleforge/sample_data/spheres/more/images"
    found = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
