"""Labels that somebody else made: asked about once, never rewritten unasked, never lost."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from particleforge.store.annotated import read_annotated
from particleforge.store.files import sha256
from particleforge.store.labels import read_labels


@pytest.fixture
def opened(make_napari_viewer, open_panel, mouse):
    """A function that opens an image with the Annotate panel."""

    def opened(image):
        viewer = make_napari_viewer(show=True)
        viewer.open(image)
        return viewer, open_panel(viewer, "Annotate")

    return opened


@pytest.fixture
def answer(qtbot):
    """A function that clicks an answer."""

    def answer(panel, text):
        assert panel.question.isVisible()
        qtbot.mouseClick(panel.question.buttons[text], Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    return answer


def files(folder):
    return {path: sha256(path) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def erase(mouse, qtbot):
    """A function that erases the first particle by a click."""

    def erase(viewer, panel):
        qtbot.mouseClick(panel.particles.buttons["erase"], Qt.MouseButton.LeftButton)
        mouse(viewer).click((30, 30))
        assert np.unique(panel.session.particles.data).tolist() == [0, 2, 3]

    return erase


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_continued_in_place_they_are_kept_as_they_were(tmp_path, labelled, workspace, opened, answer, erase, suffix):
    image, labels = labelled(tmp_path / "mine", suffix)
    before = files(tmp_path / "mine")
    viewer, panel = opened(image)
    assert panel.session is None and str(labels) in panel.question.text.text()
    assert ("saved as TIFF" in panel.question.text.text()) == (suffix == ".png")
    assert not panel.begin.isEnabled() and files(tmp_path / "mine") == before
    answer(panel, "Continue here")
    assert panel.session.particles.data.max() == 3 and not panel.question.isVisible()
    erase(viewer, panel)
    viewer.close()
    (sample,) = read_annotated(tmp_path / "mine")
    assert np.unique(sample.labels).tolist() == [0, 2, 3]
    kept = tmp_path / "mine" / "originals" / "labels" / labels.name
    assert sha256(kept) == before[labels] and sha256(image) == before[image]
    assert [path.name for path in (tmp_path / "mine" / "labels").iterdir()] == ["X.tif"]

    viewer, panel = opened(image)
    assert panel.session is not None and not panel.question.isVisible()
    viewer.close()
    assert sha256(kept) == before[labels]


def test_a_copy_leaves_them_alone(tmp_path, labelled, workspace, opened, answer, erase):
    image, labels = labelled(tmp_path / "mine", ".png")
    before = files(tmp_path / "mine")
    viewer, panel = opened(image)
    answer(panel, "Work on a copy")
    assert str(labels) in panel.kept.text()
    erase(viewer, panel)
    viewer.close()
    assert files(tmp_path / "mine") == before
    assert np.unique(read_annotated(workspace / "annotations")[0].labels).tolist() == [0, 2, 3]


def test_looking_and_no_answer_change_nothing(tmp_path, labelled, workspace, opened, answer):
    image, _ = labelled(tmp_path / "mine", ".tif")
    before = files(tmp_path / "mine")
    viewer, _ = opened(image)
    viewer.close()
    viewer, panel = opened(image)
    answer(panel, "Look only")
    layer = viewer.layers["X labels"]
    assert panel.session is None and not layer.editable and layer.data.max() == 3
    panel.begin.click()
    assert panel.question.isVisible() and panel.session is None
    viewer.close()
    assert files(tmp_path / "mine") == before and not workspace.exists()


def test_what_cannot_be_saved_is_saved_elsewhere_and_said(tmp_path, labelled, workspace, opened, answer, erase):
    image, labels = labelled(tmp_path / "mine", ".png")
    viewer, panel = opened(image)
    answer(panel, "Continue here")
    (tmp_path / "mine" / "background").write_text("in the way")
    erase(viewer, panel)
    panel.background.complete.value = False
    viewer.close()
    (rescued,) = (workspace / "rescued").iterdir()
    assert np.unique(read_labels(rescued / "labels" / "X.tif")).tolist() == [0, 2, 3]
    assert read_labels(labels).max() == 3
    _, panel = opened(image)
    assert "X-1" in panel.message.text() and str(workspace / "rescued") in panel.message.text()
