"""Large images and their labels in napari: read where they are shown, corrected in parts."""

import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Image, Labels

from particleforge.step import run
from particleforge.store import pyramid
from particleforge.store.label_image import LabelImage
from particleforge.store.pyramid import Layout
from particleforge.store.source import Source
from particleforge.widgets import large_labels
from particleforge.widgets.files import get_reader
from particleforge.widgets.large_labels import LargeLabels, Part
from particleforge.widgets.overlays import camera
from particleforge.workflows.convert import ConvertParams, convert

MOVIE = np.random.default_rng(0).integers(1, 255, (2, 300, 400), dtype=np.uint8)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A movie with its particles, in nm and s."""
    monkeypatch.setattr(pyramid, "LARGEST_COARSEST_PX", 100)
    monkeypatch.setattr(large_labels, "PART_PX", 64)
    about = {"pixel_size_nm": (0.5, 0.5), "interval_s": 2.0}
    convert(Source.of(MOVIE, "TYX", name="a", **about), tmp_path / "a.zarr", ConvertParams(shard_px=256))
    labels = np.zeros(MOVIE.shape, np.uint32)
    labels[0, 150:160, 200:220], labels[1, 10:20, 10:20] = 1, 7
    made = LabelImage.in_store(tmp_path / "a.zarr", "particles", Layout(labels.shape, 256, axes="TYX", **about))
    for shard in made.missing():
        made.write(made.window(shard), labels[made.window(shard)])
    run(made.build_levels())
    return tmp_path / "a.zarr"


def shown(path):
    """Viewer with the layers of a file, looking at the middle of the first frame."""
    viewer = ViewerModel()
    for data, options, kind in get_reader(str(path))(str(path)):
        viewer.add_layer((Image if kind == "image" else Labels)(data, **options))
    viewer.dims.set_point(0, 0)
    camera(viewer).center = (75, 100)
    return viewer


def test_an_image_and_its_labels_have_all_levels_at_their_place(store):
    image, labels = shown(store).layers
    assert (image.name, labels.name) == ("a", "a particles")
    for layer in (image, labels):
        assert layer.multiscale and [level.shape for level in layer.data] == [
            (2, 300, 400),
            (2, 150, 200),
            (2, 75, 100),
        ]
        np.testing.assert_array_equal(layer.scale, (2, 0.5, 0.5))
        assert [f"{unit:~}" for unit in layer.units] == ["s", "nm", "nm"]
    np.testing.assert_array_equal(image.data[0][1, 5:9, 7:300], MOVIE[1, 5:9, 7:300])
    np.testing.assert_array_equal(labels.data[1][0, 70:85, 100], np.repeat([0, 1, 0], [5, 5, 5]))


def test_opening_reads_the_coarsest_level_only(store, monkeypatch):
    read, get = set(), zarr.storage.LocalStore.get

    async def counted(self, key, *args, **kwargs):
        if "/c/" in key:
            read.add(key.partition("/")[0])
        return await get(self, key, *args, **kwargs)

    monkeypatch.setattr(zarr.storage.LocalStore, "get", counted)
    get_reader(str(store))(str(store))
    assert read == {"2"}


def test_a_part_is_corrected_and_the_levels_follow(store):
    viewer = shown(store)
    whole = viewer.layers[1]
    part = Part.middle(viewer, whole)
    assert part.window == (slice(0, 1), slice(118, 182), slice(168, 232))
    middle = part.layer.world_to_data((0, 75, 100))
    assert part.layer.data[tuple(int(at) for at in middle)] == 1
    part.layer.data[0, 32:42, 32:52] = 0
    part.layer.data[0, 2:12, 2:12] = 7  # napari offers a number that is free in this part only
    assert part.save() == 1
    expected = np.zeros(MOVIE.shape, np.uint32)
    expected[0, 120:130, 170:180], expected[1, 10:20, 10:20] = 8, 7
    for level, array in enumerate(LabelImage(store / "labels" / "particles").levels):
        np.testing.assert_array_equal(array[...], expected[:, :: 2**level, :: 2**level])
        np.testing.assert_array_equal(np.asarray(whole.data[level]), array[...])
    assert part.save() == 0


def test_the_panel_opens_saves_and_states_what_is_wrong(store, qtbot):
    viewer = shown(store)
    panel = LargeLabels(viewer)
    qtbot.addWidget(panel)
    panel.open.click()
    assert panel.part is not None and not panel.open.isEnabled() and viewer.layers[-1].name == "part of a particles"
    viewer.layers[-1].data[0, 5:9, 5:9] = 3
    panel.save.click()
    assert panel.part is None and panel.message.text() == "Saved; 1 new particle." and len(viewer.layers) == 2
    assert panel.open.isEnabled() and not panel.save.isEnabled()
    viewer.layers.pop()
    panel.open.click()
    assert "no labels of a large image" in panel.message.text() and panel.part is None
