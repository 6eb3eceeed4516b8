"""The commands of earlier panels lead into the bench."""

import pytest
from qtpy.QtWidgets import QApplication

from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.bench.entries import TITLE, Annotate, Measure, Train


@pytest.mark.parametrize(("entry", "step"), [(Annotate, "Check"), (Measure, "Find"), (Train, "Find")])
def test_an_entry_opens_the_bench_at_its_step_and_always_the_same(
    make_napari_viewer, tmp_path, monkeypatch, entry, step
):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    viewer = make_napari_viewer()
    moved = entry(viewer)
    viewer.window.add_dock_widget(moved, name=entry.panel)
    moved.button.click()
    bench = viewer.window.dock_widgets[TITLE]
    assert isinstance(bench, Bench) and bench._front.title == step
    bench.go_to("Scale")
    moved.button.click()
    QApplication.processEvents()
    assert viewer.window.dock_widgets[TITLE] is bench and bench._front.title == step
    assert sum(isinstance(widget, Bench) for widget in viewer.window.dock_widgets.values()) == 1
    bench.end()
