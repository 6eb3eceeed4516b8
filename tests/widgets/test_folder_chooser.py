"""The folder of annotated images: what it lacks is said, and followed while other panels save to it."""

import numpy as np
import pytest

from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.store.annotated import save_annotation
from particleforge.widgets.folder_chooser import NOTHING_YET, FolderChooser

LIMIT_MS = 10_000


@pytest.fixture
def chooser(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    widget = FolderChooser()
    qtbot.addWidget(widget)
    return widget


def annotate(folder, particles):
    pixels = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)
    labels = np.zeros((20, 30), np.uint32)
    labels[4:9, 4:9] = particles
    save_annotation(folder, Sample(Micrograph(pixels, name="first"), labels))


def test_saving_the_first_particle_is_noticed(chooser, qtbot, tmp_path):
    assert chooser.problem() == NOTHING_YET
    said = []
    chooser.changed.connect(lambda: said.append(chooser.problem()))
    annotate(chooser.value(), 0)
    qtbot.waitUntil(lambda: (chooser.value() / "labels").is_dir() and bool(said), timeout=LIMIT_MS)
    assert chooser.problem() == NOTHING_YET
    annotate(chooser.value(), 1)
    qtbot.waitUntil(lambda: said[-1] is None, timeout=LIMIT_MS)
    annotate(chooser.value(), 0)
    qtbot.waitUntil(lambda: said[-1] == NOTHING_YET, timeout=LIMIT_MS)


def test_a_label_image_that_cannot_be_read_is_left_to_the_job(chooser, tmp_path):
    for part in ("images", "labels"):
        (tmp_path / "other" / part).mkdir(parents=True)
    chooser.set_value(tmp_path / "other")
    assert chooser.problem() == NOTHING_YET
    (tmp_path / "other" / "labels" / "broken.tif").write_bytes(b"no image")
    assert chooser.problem() is None
