"""What a person does with the Annotate panel, and what is on disk afterwards."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
import tifffile
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from napari.utils.key_bindings import coerce_keybinding
from PIL import Image as PillowImage
from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from particleforge.store.annotated import read_annotated
from particleforge.store.files import sha256
from particleforge.store.labels import read_labels
from particleforge.widgets.background import THREAD
from particleforge.widgets.overlays import scale_bar

pytestmark = pytest.mark.skipif(
    os.environ.get("QT_QPA_PLATFORM") == "offscreen"
    or (sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))),
    reason="napari's canvas needs a display with OpenGL; `make test` gives it one by xvfb-run",
)

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres" / "more"
TRUTH = read_labels(SPHERES / "labels" / "spheres_1.tif")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Folder where annotations go by default."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "ParticleForge" / "annotations"


@pytest.fixture
def image_file(tmp_path):
    """A micrograph on disk, outside any annotated folder."""
    (tmp_path / "taken").mkdir()
    return Path(shutil.copy(SPHERES / "images" / "spheres_1.tif", tmp_path / "taken"))


@pytest.fixture
def opened(make_napari_viewer, qtbot):
    """A function that opens a viewer with the panel; every panel is shut in the end."""

    def open_panel(path=None, show=False, **layer):
        viewer = make_napari_viewer(show=show)
        if path is not None:
            viewer.open(path, plugin="napari")
        elif layer:
            viewer.add_image(**layer)
        _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", "Annotate")
        return viewer, panel

    return open_panel


def event(kind, viewer, y, x, button=1):
    """A mouse event at a place of the image in world coordinates."""
    position = (*viewer.dims.point[:-2], y, x)
    return ReadOnlyWrapper(
        SimpleNamespace(
            type=kind,
            is_dragging=kind == "mouse_move",
            button=button,
            modifiers=[],
            position=position,
            pos=np.array([x, y], float),
            view_direction=None,
            up_direction=None,
            dims_displayed=list(viewer.dims.displayed),
            handled=False,
        ),
        exceptions=("handled",),
    )


def gesture(viewer, *points):
    """Press at the first point, given in px of the image, move through the others, release."""
    layer = viewer.layers.selection.active
    world = [np.asarray(layer.data_to_world(point))[-2:] for point in points]
    mouse_press_callbacks(layer, event("mouse_press", viewer, *world[0]))
    for place in world[1:]:
        mouse_move_callbacks(layer, event("mouse_move", viewer, *place))
    mouse_release_callbacks(layer, event("mouse_release", viewer, *world[-1]))
    settle()


def settle():
    """Wait until what runs in threads of ours has been answered."""
    working = True
    while working:
        working = any(thread.name == THREAD for thread in threading.enumerate())
        QApplication.processEvents()  # what has ended is answered here, and may go on with the next click
        working |= any(thread.name == THREAD for thread in threading.enumerate())
        time.sleep(0.005 * working)


def middle(particle, labels=TRUTH):
    return tuple(float(np.mean(places)) for places in np.nonzero(labels == particle))


def whole_particles():
    """Particles that do not touch the border, largest first."""
    ids, areas = np.unique(TRUTH[TRUTH > 0], return_counts=True)
    border = set(TRUTH[0]) | set(TRUTH[-1]) | set(TRUTH[:, 0]) | set(TRUTH[:, -1])
    return [int(i) for i in ids[np.argsort(-areas)] if i not in border]


def overlap(labels, found, particle):
    one, other = labels == found, TRUTH == particle
    return (one & other).sum() / (one | other).sum()


def saved(qtbot, panel):
    """Wait until what is shown has been saved."""
    panel.session.touch()
    with qtbot.waitSignal(panel.session.saver.saved, timeout=10_000):
        pass


def test_clicks_are_particles_that_are_saved_and_continued(opened, qtbot, image_file, home):
    before = sha256(image_file)
    viewer, panel = opened(image_file)
    panel.begin.click()
    assert panel.particles.buttons["outline"].isChecked()
    wanted = whole_particles()[:3]
    for particle in wanted:
        gesture(viewer, middle(particle))
    labels = panel.session.particles.data
    assert labels.dtype == np.uint32
    assert [overlap(labels, i + 1, particle) > 0.8 for i, particle in enumerate(wanted)] == [True] * 3
    panel.background.brush.click()
    strokes = panel.session.strokes
    assert (viewer.layers.selection.active, strokes.mode) == (strokes, "paint")
    strokes.paint((5, 5), 1)
    saved(qtbot, panel)
    (sample,) = read_annotated(home)
    np.testing.assert_array_equal(sample.labels, labels)
    np.testing.assert_array_equal(sample.background, (strokes.data > 0) & (labels == 0))
    assert sha256(image_file) == sha256(home / "images" / "spheres_1.tif") == before
    labels = labels.copy()
    viewer.close()

    viewer, panel = opened(image_file)
    assert panel.session is not None, panel.message.text()
    np.testing.assert_array_equal(panel.session.particles.data, labels)
    np.testing.assert_array_equal(panel.session.strokes.data > 0, sample.background)
    assert not panel.background.complete.value
    assert panel.counted.text().startswith("3 particles")


def choose_tool(panel, name):
    panel.particles.buttons[name].click()
    assert panel.particles.buttons[name].isChecked()


def test_a_box_and_the_slider_outline_the_particle_meant(opened, image_file):
    viewer, panel = opened(image_file)
    panel.begin.click()
    particles = panel.session.particles
    particle = whole_particles()[0]
    rows, columns = np.nonzero(TRUTH == particle)
    gesture(
        viewer, (rows.min() - 2, columns.min() - 2), (rows.max(), columns.max()), (rows.max() + 2, columns.max() + 2)
    )
    assert overlap(particles.data, 1, particle) > 0.8
    areas = []
    for tolerance in (0.0, 0.5, 1.0):
        panel.particles.tolerance.value = tolerance
        settle()
        assert np.unique(particles.data).tolist() == [0, 1]
        areas.append(int((particles.data == 1).sum()))
    assert areas == sorted(areas)
    panel.particles.undo.click()
    assert not particles.data.any()
    panel.particles.tolerance.value = 0.2
    settle()
    assert not particles.data.any()


def test_the_slider_leaves_what_was_altered_since(opened, image_file):
    viewer, panel = opened(image_file)
    panel.begin.click()
    particles = panel.session.particles
    first, second = whole_particles()[:2]
    gesture(viewer, middle(first))
    row, column = np.argwhere(particles.data == 1)[0]
    particles.data_setitem((np.array([row]), np.array([column])), 0)
    before = particles.data.copy()
    panel.particles.tolerance.value = 1.0
    settle()
    np.testing.assert_array_equal(particles.data, before)
    gesture(viewer, middle(second))
    particles.data_setitem((np.array([0]), np.array([0])), 9)
    before = particles.data.copy()
    panel.particles.tolerance.value = 0.0
    settle()
    np.testing.assert_array_equal(particles.data, before)


def test_split_merge_erase_undo(opened, image_file):
    viewer, panel = opened(image_file)
    panel.begin.click()
    layer = panel.session.particles
    particle = whole_particles()[0]
    gesture(viewer, middle(particle))
    whole = layer.data.copy()
    y, x = middle(particle)
    choose_tool(panel, "split")
    gesture(viewer, (y, x - 90), (y, x + 90))
    assert np.unique(layer.data).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(layer.data > 0, whole > 0)
    choose_tool(panel, "merge")
    gesture(viewer, (y - 8, x))
    assert "now click" in panel.message.text()
    gesture(viewer, (y + 8, x))
    np.testing.assert_array_equal(layer.data, whole)
    panel.particles.undo.click()
    gesture(viewer, (y - 8, x), (y, x), (y + 8, x))
    np.testing.assert_array_equal(layer.data, whole)
    choose_tool(panel, "erase")
    gesture(viewer, (y, x))
    assert not layer.data.any()
    gesture(viewer, (y, x))
    assert "There is no particle here" in panel.message.text()
    panel.particles.undo.click()
    np.testing.assert_array_equal(layer.data, whole)
    choose_tool(panel, "split")
    gesture(viewer, (1, 1), (1, 30))
    assert "no particle under the line" in panel.message.text()
    np.testing.assert_array_equal(layer.data, whole)


def test_next_gives_the_brush_a_new_number(opened, image_file):
    viewer, panel = opened(image_file)
    panel.begin.click()
    layer = panel.session.particles
    gesture(viewer, middle(whole_particles()[0]))
    assert layer.selected_label == 1
    layer.keymap[coerce_keybinding("N")](layer)
    assert (layer.selected_label, layer.mode) == (2, "paint")
    assert panel.particles.buttons["brush"].isChecked()
    gesture(viewer, (20, 20), (20, 24))
    assert layer.data[20, 22] == 2
    viewer.layers.selection.active = viewer.layers[0]
    assert not panel.particles.buttons["brush"].isChecked()
    choose_tool(panel, "erase")
    layer.mode = "fill"
    assert not panel.particles.buttons["erase"].isChecked()
    assert layer.mode == "fill"


def test_a_complete_image_needs_no_strokes(opened, qtbot, image_file, home):
    viewer, panel = opened(image_file)
    panel.begin.click()
    for particle in whole_particles()[:6]:
        gesture(viewer, middle(particle))
    panel.session.strokes.paint((5, 5), 1)
    saved(qtbot, panel)
    assert read_annotated(home)[0].known is not None
    panel.background.complete.value = True
    assert not panel.background.brush.isEnabled()
    with qtbot.waitSignal(panel.session.saver.saved, timeout=10_000):
        pass
    assert read_annotated(home)[0].known is None
    assert panel.counted.text().startswith("6 particles annotated")
    assert "enough to start" in panel.needed.text()
    panel.background.complete.value = False
    assert panel.session.strokes.data.any()


def scale_of(layer):
    return layer.scale[-1], [str(unit) for unit in layer.units[-2:]]


def test_a_line_on_the_scale_bar_gives_the_scale_which_is_kept(opened, qtbot, tmp_path, home):
    pixels = tifffile.imread(SPHERES / "images" / "spheres_1.tif")
    pixels = (pixels // 2 if pixels.dtype == np.uint8 else np.clip(pixels / pixels.max() * 120, 0, 120)).astype(
        np.uint8
    )
    pixels[360:366, 200:300] = 255
    PillowImage.fromarray(pixels).save(tmp_path / "sem.png")
    viewer, panel = opened(tmp_path / "sem.png")
    points = viewer.add_points([[10, 10]])
    panel.begin.click()
    panel.scale.from_file.click()
    assert "does not state a pixel size" in panel.message.text()
    panel.scale.measure.click()
    gesture(viewer, (362, 203), (361, 250), (364, 296))
    assert "100.0 px" in panel.scale.drawn.text()
    panel.scale.length.value = "50"
    panel.scale.set_scale.click()
    assert "is not a length" in panel.message.text()
    panel.scale.length.value = "0.05 um"
    panel.scale.set_scale.click()
    image, particles, strokes = viewer.layers["sem"], panel.session.particles, panel.session.strokes
    for layer in (image, particles, strokes, points):
        size, units = scale_of(layer)
        assert (pytest.approx(0.5, rel=0.002), ["nanometer"] * 2) == (size, units)
    assert scale_bar(viewer).visible
    assert "scale bar line" not in viewer.layers and not panel.scale.measure.isChecked()
    panel.use("outline")
    gesture(viewer, middle(whole_particles()[0]))
    assert overlap(particles.data, 1, whole_particles()[0]) > 0.7
    viewer.close()
    (sample,) = read_annotated(home)
    assert sample.micrograph.pixel_size_nm == pytest.approx((0.5, 0.5), rel=0.002)
    viewer, panel = opened(tmp_path / "sem.png")
    assert scale_of(viewer.layers["sem"])[0] == pytest.approx(0.5, rel=0.002)
    assert panel.scale.pixel_size.value == f"{sample.micrograph.pixel_size_nm[0]:.6g} nm"


def test_the_scale_of_the_file_is_taken_and_can_be_typed(opened, image_file):
    viewer, panel = opened(image_file)
    assert scale_of(viewer.layers[0]) == (pytest.approx(1.2), ["nanometer"] * 2)
    other = viewer.add_image(np.arange(400.0).reshape(20, 20), name="other")
    panel.scale.everywhere.value = True
    panel.scale.pixel_size.native.setText("2 um")
    panel.scale.pixel_size.native.editingFinished.emit()
    assert scale_of(viewer.layers[0])[0] == scale_of(other)[0] == pytest.approx(2000)
    panel.scale.pixel_size.native.setText("two")
    panel.scale.pixel_size.native.editingFinished.emit()
    assert "'two' is not a length" in panel.message.text()
    assert scale_of(other)[0] == pytest.approx(2000)


GREY = np.random.default_rng(0).integers(0, 200, (48, 64)).astype(np.uint8)
GREY[10:26, 10:26] = 250


@pytest.mark.parametrize(
    "options",
    [
        {"data": np.dstack([GREY] * 3), "rgb": True},
        {"data": [GREY, GREY[::2, ::2]], "multiscale": True},
        {"data": da.from_array(GREY, chunks=16)},
        {"data": GREY.astype(np.int32) * 70_000},
        {"data": GREY.astype(np.float32) / 255},
        {"data": GREY > 220},
        {"data": np.stack([GREY, GREY + 1]), "scale": (3, 0.5, 0.5), "units": ("s", "nm", "nm")},
    ],
    ids=["rgb", "multiscale", "dask", "int32", "float", "bool", "stack"],
)
def test_kinds_of_layers(opened, options, home):
    viewer, panel = opened(name="a/b", **options)
    panel.begin.click()
    image, particles = viewer.layers[0], panel.session.particles
    assert particles.data.shape == GREY.shape
    assert scale_of(particles) == scale_of(image)
    assert particles.axis_labels == image.axis_labels[-2:]
    choose_tool(panel, "brush")
    panel.particles.next.click()
    gesture(viewer, (30, 40), (30, 44))
    assert particles.data[30, 42] == 1
    viewer.close()
    (sample,) = read_annotated(home)
    assert sample.name == "a_b" + "_0000" * (image.ndim == 3)
    assert sample.labels[30, 42] == 1


def test_frames_of_a_stack_are_annotated_one_by_one(opened, home):
    viewer, panel = opened(name="film", data=np.stack([GREY, GREY.T.reshape(48, 64), GREY + 1]))
    viewer.dims.set_current_step(0, 1)
    panel.begin.click()
    panel.session.particles.paint((20, 20), 4)
    viewer.dims.set_current_step(0, 2)
    assert not panel.session.particles.visible
    assert "Frame 1 is being annotated" in panel.message.text()
    viewer.dims.set_current_step(0, 1)
    assert panel.session.particles.visible
    viewer.dims.set_current_step(0, 2)
    panel.begin.click()
    assert not panel.session.particles.data.any()
    panel.session.particles.paint((30, 30), 2)
    viewer.close()
    assert [(sample.name, sample.labels.max()) for sample in read_annotated(home)] == [
        ("film_0001", 4),
        ("film_0002", 2),
    ]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"data": np.where(GREY > 240, np.nan, GREY)}, "NaN"),
        ({"data": np.ones((8, 9))}, "of no use for training"),
        ({"data": np.broadcast_to(np.uint8(1), (20_000, 20_000))}, "million pixels can be annotated"),
    ],
    ids=["nan", "constant", "huge"],
)
def test_images_that_cannot_be_annotated_are_refused_in_a_sentence(opened, options, reason, home):
    viewer, panel = opened(name="a", **options)
    panel.begin.click()
    assert reason in panel.message.text()
    assert panel.session is None and len(viewer.layers) == 1
    assert panel.counted.text() == "No image is being annotated."


def test_another_image_of_the_same_name_is_not_mixed_up(opened, qtbot, home):
    viewer, panel = opened(name="a", data=GREY)
    panel.begin.click()
    panel.session.particles.paint((20, 20), 1)
    viewer.close()
    before = sha256(home / "labels" / "a.tif")
    viewer, panel = opened(name="a", data=GREY.T.reshape(48, 64))
    panel.begin.click()
    assert panel.session is None
    assert "a different image called a" in panel.message.text()
    panel.folder.value = home.parent / "other"
    panel.begin.click()
    panel.session.particles.paint((30, 30), 2)
    viewer.close()
    assert sha256(home / "labels" / "a.tif") == before
    assert read_annotated(home.parent / "other")[0].labels.max() == 2


def test_a_layer_removed_by_hand_is_saved_first(opened, home):
    viewer, panel = opened(name="a", data=GREY)
    panel.begin.click()
    panel.session.particles.paint((20, 20), 3)
    viewer.layers.remove(panel.session.particles)
    assert panel.session is None and "saved" in panel.message.text()
    assert read_annotated(home)[0].labels.max() == 3
    panel.begin.click()
    assert panel.session.particles.data.max() == 3


def test_nothing_is_written_before_something_is_annotated(opened, home):
    viewer, panel = opened(name="a", data=GREY)
    panel.begin.click()
    panel.scale.pixel_size.native.setText("2 nm")
    panel.scale.pixel_size.native.editingFinished.emit()
    viewer.close()
    assert not home.exists()


@pytest.mark.parametrize("how", ["viewer", "panel"])
def test_nothing_is_left_after_closing(opened, qtbot, home, how):
    threads = set(threading.enumerate())
    viewer, panel = opened(name="a", data=GREY, show=True)
    image, dims = viewer.layers[0], viewer.dims
    panel.begin.click()
    particles, strokes = panel.session.particles, panel.session.strokes
    own = [
        callback
        for emitter in (particles.events.paint, strokes.events.mode, dims.events.current_step)
        for callback in emitter.callbacks
        if "particleforge" in callback_module(callback)
    ]
    assert own
    timers = [*panel.session.findChildren(QTimer), *panel.session.saver.findChildren(QTimer)]
    particles.paint((20, 20), 3)
    assert any(timer.isActive() for timer in timers)
    panel.scale.measure.click()
    if how == "viewer":
        viewer.close()
    else:
        viewer.window.remove_dock_widget(panel)
        assert "scale bar line" not in viewer.layers and particles in viewer.layers
    assert read_annotated(home)[0].labels.max() == 3
    assert panel.session is None
    assert len(timers) == 2 and not any(isalive(timer) and timer.isActive() for timer in timers)
    qtbot.waitUntil(lambda: set(threading.enumerate()) <= threads, timeout=30_000)
    for layer in (image, particles, strokes):
        assert not [c for c in layer.mouse_drag_callbacks if "particleforge" in callback_module(c)]
        for emitter in layer.events.emitters.values():
            assert not [c for c in emitter.callbacks if "particleforge" in callback_module(c)]
    assert not [c for c in dims.events.current_step.callbacks if "particleforge" in callback_module(c)]
    assert not {key for key, bound in particles.keymap.items() if bound is not None}


def test_a_panel_opened_again_takes_the_layers_that_are_there(opened, home):
    viewer, panel = opened(name="a", data=GREY)
    panel.begin.click()
    particles = panel.session.particles
    particles.paint((20, 20), 3)
    viewer.window.remove_dock_widget(panel)
    particles.paint((40, 20), 4)
    _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", "Annotate")
    assert panel.session.particles is particles and len(viewer.layers) == 3
    viewer.close()
    assert read_annotated(home)[0].labels.max() == 4


def callback_module(callback):
    """Where a callback of napari comes from: a function, or a weak reference to an object and a name."""
    target = callback[0]() if isinstance(callback, tuple) else callback
    return getattr(target, "__module__", None) or type(target).__module__


def test_opening_the_panel_imports_nothing_heavy():
    code = """
import sys
import particleforge.widgets.annotate
print(sorted({"torch", "torchvision", "stardist", "mitsuba", "matplotlib.pyplot"} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
