"""Folders opened by File > Open Folder: annotated ones, and images of different sizes."""

import numpy as np
import pytest
from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog
from PIL import Image as PillowImage
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from particleforge.store.files import sha256
from particleforge.widgets.layers import source_path


@pytest.fixture
def open_folder(make_napari_viewer, monkeypatch, qtbot):
    """A function that opens a folder by the menu; the reader napari proposes is accepted."""
    proposed, late = [], QTimer(singleShot=True, interval=2000)

    def accept():
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QtReaderDialog) and proposed:
            dialog.reject()  # reading failed
        elif isinstance(dialog, QtReaderDialog):
            late.start()
            proposed.append(dialog.reader_btn_group.checkedButton().text())
            qtbot.mouseClick(dialog.btn_box.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
        elif not proposed:
            QTimer.singleShot(50, accept)

    late.timeout.connect(accept)

    def open_folder(folder):
        viewer = make_napari_viewer(show=True)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
        QTimer.singleShot(50, accept)
        proposed.clear()
        viewer.window._qt_viewer._open_folder_dialog()
        late.stop()  # or it would reject the dialog of the next test
        assert proposed[-1] == "ParticleForge"
        return viewer

    return open_folder


def test_an_annotated_folder_is_images_with_their_labels(open_folder, labelled, tmp_path, workspace):
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
    viewer.close()
    assert sha256(labels) == before


def test_a_folder_of_images_of_different_sizes_is_a_layer_for_each(open_folder, tmp_path):
    for name, side in (("a", 40), ("b", 60)):
        PillowImage.fromarray(np.arange(side * 50, dtype=np.uint8).reshape(side, 50)).save(tmp_path / f"{name}.png")
    viewer = open_folder(tmp_path)
    assert [(layer.name, layer.data.shape) for layer in viewer.layers] == [("a", (40, 50)), ("b", (60, 50))]
