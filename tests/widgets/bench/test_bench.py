"""The dock of the bench."""

import shutil

import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent

from particleforge.store.labels import read_labels
from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.bench.recent import recent_projects
from particleforge.widgets.bench.strip import GROUP, NAME, SCALE

LIMIT_MS = 20_000


@pytest.fixture
def folder(gold):
    return gold


@pytest.fixture
def bench(make_napari_viewer, folder):
    viewer = make_napari_viewer()
    bench = Bench(viewer)
    viewer.window.add_dock_widget(bench, name="ParticleForge")
    yield bench
    bench.end()


def shown(bench, qtbot, name):
    qtbot.waitUntil(lambda: bench.state.work is not None and bench.state.work.name == name, timeout=LIMIT_MS)


def cell(bench, row, column, role=Qt.ItemDataRole.DisplayRole):
    return bench.strip.table.model().index(row, column).data(role)


def test_without_an_image_it_offers_ways_to_begin(bench, qtbot):
    assert not bench.welcome.isHidden() and bench.work.isHidden()
    bench.welcome.samples.click()
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    assert bench.welcome.isHidden() and not bench.work.isHidden()
    assert [image.group for image in bench.state.project.images] == ["rods", "spheres", "spheres", "spheres"]


def test_a_folder_that_is_dropped_becomes_a_project(bench, folder, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    bench.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, none))
    shown(bench, qtbot, "spheres_1")
    assert bench.state.project.folder == folder and "gold" in bench.head.title.text()


def test_projects_opened_last_are_one_click_away(bench, folder, qtbot):
    bench.open(folder)
    shown(bench, qtbot, "spheres_1")
    bench.state.close()
    bench._refresh()
    assert recent_projects() == [folder]
    (button,) = bench.welcome.recent
    button.click()
    shown(bench, qtbot, "spheres_1")


def test_a_folder_that_is_not_there_is_reported(bench, tmp_path):
    bench.open(tmp_path / "none")
    assert "is not a folder" in bench._front.message.text()


def test_the_strip_shows_scale_and_group_and_a_click_shows_an_image(bench, folder, qtbot):
    bench.open(folder)
    shown(bench, qtbot, "spheres_1")
    qtbot.waitUntil(lambda: cell(bench, 1, SCALE) == "1.20 nm", timeout=LIMIT_MS)
    bench.strip.table.selectRow(2)
    shown(bench, qtbot, "spheres_3")
    assert cell(bench, 2, NAME, Qt.ItemDataRole.FontRole).bold()


def test_a_group_goes_to_all_selected_images(bench, folder, qtbot):
    bench.open(folder)
    shown(bench, qtbot, "spheres_1")
    bench.strip.table.selectAll()
    assert len(bench.state.selected) == 3
    model = bench.strip.table.model()
    assert model.setData(model.index(1, GROUP), "10 min")
    assert {image.group for image in bench.state.project.images} == {"10 min"}
    qtbot.waitUntil(lambda: cell(bench, 0, GROUP) == cell(bench, 2, GROUP) == "10 min", timeout=LIMIT_MS)


def test_the_filter_finds_names(bench, folder, qtbot):
    bench.open(folder)
    bench.strip.filter.setText("_2")
    assert bench.strip.table.model().rowCount() == 1 and cell(bench, 0, NAME) == "spheres_2"


def test_removing_the_image_shown_leaves_its_file(bench, folder, qtbot):
    bench.open(folder)
    shown(bench, qtbot, "spheres_1")
    bench.state.remove(["spheres_1"])
    assert bench.state.names == ["spheres_2", "spheres_3"] and (folder / "spheres_1.tif").exists()
    assert not [layer.name for layer in bench.state.viewer.layers]


def test_images_open_in_napari_are_taken(make_napari_viewer, folder, qtbot):
    viewer = make_napari_viewer()
    viewer.open([folder / "spheres_1.tif", folder / "spheres_2.tif"], stack=False)
    bench = Bench(viewer)
    viewer.window.add_dock_widget(bench, name="ParticleForge")
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    assert bench.state.names == ["spheres_1", "spheres_2"]
    assert bench.state.work.image in viewer.layers and bench.state.work.name == "spheres_2"
    bench.end()


def test_other_panels_open_in_docks_of_their_own(bench):
    for title in ("Augment", "Synthesize", "Aggregates", "Augment"):
        action = next(action for action in bench.head._others.actions() if action.text() == title)
        action.trigger()
        assert not bench._front.message.text()
    assert {"Augment", "Synthesize", "Aggregates"} <= set(bench.state.viewer.window.dock_widgets)


def test_labels_of_other_programs_are_offered_as_particles(bench, folder, qtbot, spheres):
    shutil.copytree(spheres / "labels", folder / "labels")
    before = {path: path.read_bytes() for path in (folder / "labels").iterdir()}
    bench.open(folder)
    qtbot.waitUntil(lambda: bench.others.text != "", timeout=LIMIT_MS)
    assert bench.others.text.startswith("3 images of this folder have labels")
    shown(bench, qtbot, "spheres_1")
    bench.others.use.click()
    qtbot.waitUntil(lambda: bench.state.work is not None and len(bench.state.work.table) == 56, timeout=LIMIT_MS)
    assert len(bench.state.work.sure) == 56 and not bench.others.text
    assert {path: path.read_bytes() for path in (folder / "labels").iterdir()} == before


def test_a_layer_of_labels_can_be_the_particles(bench, folder, qtbot, spheres):
    bench.open(folder)
    shown(bench, qtbot, "spheres_1")
    theirs = bench.state.viewer.add_labels(read_labels(spheres / "labels" / "spheres_1.tif"), name="cellpose")
    bench.head._fill()
    (action,) = [action for action in bench.head._projects.actions() if "cellpose" in action.text()]
    action.trigger()
    qtbot.waitUntil(lambda: bench.state.work is not None and len(bench.state.work.table) == 56, timeout=LIMIT_MS)
    assert not theirs.visible and not bench.state.work.sure
