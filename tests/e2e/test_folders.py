"""Folders opened by File > Open Folder: annotated ones, and images of different sizes."""

from pathlib import Path

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog
from PIL import Image as PillowImage
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from particleforge.measurement.filter import Filter
from particleforge.store.files import sha256
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.widgets.layers import source_path

SAMPLES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data"
SPHERES = SAMPLES / "spheres" / "more" / "images" / "spheres_1.tif"
LIMIT_MS = 300_000


@pytest.fixture
def open_folder(make_napari_viewer, monkeypatch, qtbot):
    """A function that opens a folder by the menu; the reader napari proposes is accepted."""
    proposed = []

    def accept():
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QtReaderDialog) and proposed:
            dialog.reject()  # reading failed
        elif isinstance(dialog, QtReaderDialog):
            QTimer.singleShot(2000, accept)
            proposed.append(dialog.reader_btn_group.checkedButton().text())
            qtbot.mouseClick(dialog.btn_box.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
        elif not proposed:
            QTimer.singleShot(50, accept)

    def open_folder(folder):
        viewer = make_napari_viewer(show=True)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
        QTimer.singleShot(50, accept)
        proposed.clear()
        viewer.window._qt_viewer._open_folder_dialog()
        assert proposed[-1] == "ParticleForge"
        return viewer

    return open_folder


def test_an_annotated_folder_is_images_with_their_labels(open_folder, open_panel, labelled, tmp_path, qtbot, workspace):
    _, labels = labelled(tmp_path / "mine", ".png")
    labelled(tmp_path / "mine", ".png", "Y")
    (tmp_path / "mine" / "images" / "Z.png").write_bytes(b"broken")
    before = sha256(labels)
    viewer = open_folder(tmp_path / "mine")
    assert [(layer.name, layer.visible) for layer in viewer.layers] == [
        ("X", True),
        ("X particles", True),
        ("Y", False),
        ("Y particles", False),
    ]
    assert source_path(viewer.layers["Y"]).name == "Y.png"
    panel = open_panel(viewer, "Annotate")
    assert panel.image.value is viewer.layers["X"] and panel.question.isVisible()
    qtbot.mouseClick(panel.question.buttons["Continue here"], Qt.MouseButton.LeftButton)
    assert panel.session.particles is viewer.layers["X particles"]
    panel.session.particles.data_setitem((np.array([30]), np.array([30])), 0)
    viewer.close()
    assert read_labels(tmp_path / "mine" / "labels" / "X.tif")[30, 30] == 0
    assert sha256(tmp_path / "mine" / "originals" / "labels" / "X.png") == before


def test_a_folder_of_images_of_different_sizes_is_a_layer_for_each(open_folder, tmp_path):
    for name, side in (("a", 40), ("b", 60)):
        PillowImage.fromarray(np.arange(side * 50, dtype=np.uint8).reshape(side, 50)).save(tmp_path / f"{name}.png")
    viewer = open_folder(tmp_path)
    assert [(layer.name, layer.data.shape) for layer in viewer.layers] == [("a", (40, 50)), ("b", (60, 50))]


@pytest.fixture
def mixed(tmp_path):
    """A folder of micrographs of different sizes, one of them in colour."""
    pixels = read_micrograph(SPHERES).grey.astype(np.uint8)
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, part in {"a": pixels[:200, :200], "b": pixels[:200, 140:380], "c": pixels[150:380, :210]}.items():
        PillowImage.fromarray(np.dstack([part] * 3) if name == "c" else part).save(folder / f"{name}.png")
    (folder / "more").mkdir()
    return folder


def test_planes_of_different_sizes_are_measured_one_by_one_and_follow_the_scale(
    make_napari_viewer, open_panel, work, qtbot, mixed, tmp_path, monkeypatch, workspace
):
    viewer = make_napari_viewer(show=True)
    viewer.open(mixed)  # by napari's own reader: a stack that claims to be of one size
    image = viewer.layers[0]
    panel = open_panel(viewer, "Measure")
    work(panel)
    qtbot.waitUntil(panel.view.isVisible, timeout=LIMIT_MS)
    text = panel.row.message.text()
    assert "3 different sizes (200 x 200, 200 x 240, 230 x 210 px)" in text and "image of its own" in text
    assert "Sizes are in pixels" in text and "Not read: 1 subfolder." in text
    particles = panel.view._particles
    assert set(particles.table["plane"]) == {0, 1, 2} and particles.layer.data.shape == (3, 230, 240)
    for plane, (height, width) in enumerate(((200, 200), (200, 240), (230, 210))):
        ids = particles.layer.data[plane]
        own = particles.table[particles.table["plane"] == plane]
        assert sorted(own["label"]) == np.unique(ids[ids > 0]).tolist()
        assert not ids[height:].any() and not ids[:, width:].any()

    before = particles.table.copy()
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        particles.measure()
    for name in ("ecd_px", "touches_border", "weight"):
        np.testing.assert_allclose(particles.table[name].astype(float), before[name].astype(float), rtol=1e-5)

    # The scale comes later, by napari itself.
    assert " px" in panel.view.headline.text()
    panel.view.filter.set_params(Filter(min_diameter=20))
    counted = particles.counted["label"].tolist()
    image.scale, image.units = (1, 2, 2), ("pixel", "nm", "nm")
    assert " nm" in panel.view.headline.text() and "pixels" not in panel.row.message.text()
    assert panel.view.filter.params().min_diameter == 40 and particles.counted["label"].tolist() == counted
    assert tuple(map(str, particles.layer.units))[1:] == ("nanometer", "nanometer")
    model = panel.view.table.model()
    headings = [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]
    assert any("[nm]" in heading for heading in headings) and not any("[px]" in heading for heading in headings)
    np.testing.assert_allclose(particles.layer.features["ecd_nm"].dropna(), 2 * particles.table["ecd_px"])
    qtbot.waitUntil(lambda: bool(panel.view.plot.bars), timeout=LIMIT_MS)
    sizes = panel.view.plot._sizes
    np.testing.assert_allclose(np.sort(sizes), np.sort(2 * particles.counted["ecd_px"]))
    for text, file in {"Table…": "t.csv", "Labels…": "l.ome.zarr", "Figure…": "f.svg"}.items():
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, file=file: (str(tmp_path / file), ""))
        panel.view.export[text].click()
        qtbot.waitUntil(lambda file=file: panel.view.message.text() == f"Saved as {file}.", timeout=LIMIT_MS)
    table = pd.read_csv(tmp_path / "t.csv")
    np.testing.assert_allclose(table["ecd_nm"], 2 * table["ecd_px"], rtol=1e-6)
    assert next(iter(table)) == "plane"
    image.scale, image.units = (1, 1, 1), ("pixel", "pixel", "pixel")
    assert " nm" not in panel.view.headline.text() and "ecd_nm" not in particles.table
    assert "Sizes are in pixels" in panel.row.message.text()


def test_the_scale_set_in_annotate_arrives_in_measure(make_napari_viewer, open_panel, work, qtbot, tmp_path, workspace):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(read_micrograph(SPHERES).grey[:200, :200], name="a")
    measure = open_panel(viewer, "Measure")
    work(measure)
    qtbot.waitUntil(measure.view.isVisible, timeout=LIMIT_MS)
    assert "Sizes are in pixels" in measure.row.message.text() and " px" in measure.view.headline.text()
    annotate = open_panel(viewer, "Annotate")
    assert annotate.image.value is viewer.layers["a"]
    annotate.scale.pixel_size.native.setText("3 nm")
    qtbot.keyClick(annotate.scale.pixel_size.native, Qt.Key.Key_Return)
    assert " nm" in measure.view.headline.text() and "ecd_nm" in measure.view._particles.table
    assert "pixels" not in measure.row.message.text()


def test_any_error_of_a_worker_is_a_sentence_in_the_panel(make_napari_viewer, open_panel, qtbot, caplog, workspace):
    def broken(block):
        raise ZeroDivisionError("the detector fell over")

    viewer = make_napari_viewer(show=True)
    data = da.zeros((2, 60, 60), chunks=(1, 60, 60)).map_blocks(broken, dtype=float, meta=np.zeros((0, 0, 0)))
    viewer.add_image(np.zeros((2, 60, 60)), name="a")
    panel = open_panel(viewer, "Measure")
    panel.image.value._data = data
    panel.row.button.click()
    qtbot.waitUntil(lambda: "the detector fell over" in panel.row.message.text(), timeout=30_000)
    assert panel.row.button.isEnabled() and not panel.row.running
    assert caplog.records[-1].exc_info, "the traceback is in the log"
    caplog.clear()  # it keeps what the traceback refers to
