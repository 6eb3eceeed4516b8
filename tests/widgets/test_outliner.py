"""Clicks are answered in threads: every one of them, in their order, and none too late."""

import threading

import numpy as np
import pytest
from napari.layers import Labels

from particleforge.annotate.edit import EVERYWHERE
from particleforge.widgets.annotate.outliner import Outliner
from particleforge.widgets.background import THREAD

LIMIT_MS = 120_000
DISCS = ((40, 40), (40, 120), (110, 80))


class LayerEditor:
    """Edits a layer through napari's own history."""

    def __init__(self, layer):
        self._layer = layer

    @property
    def data(self):
        return self._layer.data

    def apply(self, change):
        rows, columns = np.nonzero(change.before != change.after)
        top, left = (axis.start for axis in change.window)
        self._layer.data_setitem((rows + top, columns + left), change.after[rows, columns])

    def undo(self):
        self._layer.undo()

    def redo(self):
        self._layer.redo()

    def choose(self, particle):
        self._layer.selected_label = particle

    def near(self, ids):
        return EVERYWHERE


@pytest.fixture
def outliner(qapp):
    """Three bright discs on grey, and a layer without particles."""
    y, x = np.mgrid[:150, :160]
    grey = np.full(y.shape, 60, np.float32)
    for row, column in DISCS:
        grey[(y - row) ** 2 + (x - column) ** 2 < 18**2] = 180
    grey += np.random.default_rng(0).normal(0, 4, y.shape).astype(np.float32)
    layer = Labels(np.zeros(y.shape, np.uint32))
    made = Outliner(LayerEditor(layer), grey)
    made.layer = layer
    yield made
    made.close()


def answered(qtbot, outliner):
    qtbot.waitUntil(lambda: not outliner.busy, timeout=LIMIT_MS)


def test_clicks_that_come_faster_than_answers_are_all_answered(outliner, qtbot):
    found, said = [], []
    outliner.outlined.connect(found.append)
    outliner.failed.connect(said.append)
    for place in DISCS:
        outliner.outline(place)
    outliner.outline(DISCS[0])  # taken by then
    assert outliner.busy and not outliner.layer.data.any()
    answered(qtbot, outliner)
    assert found == [1, 2, 3] and [outliner.layer.data[place] for place in DISCS] == [1, 2, 3]
    assert len(said) == 1 and not outliner.busy


def test_another_tolerance_makes_the_answer_to_the_old_one_count_no_more(outliner, qtbot):
    outliner.outline(DISCS[0])
    for tolerance in (0.1, 0.9, 0.3):
        outliner.retune(tolerance)
    answered(qtbot, outliner)
    first = outliner.layer.data.copy()
    assert np.unique(first).tolist() == [0, 1]
    outliner.retune(0.3)
    answered(qtbot, outliner)
    np.testing.assert_array_equal(outliner.layer.data, first)
    outliner.layer.undo()
    assert not outliner.layer.data.any()


def test_what_is_answered_after_the_end_is_dropped(outliner, qtbot):
    outliner.outline(DISCS[0])
    outliner.outline(DISCS[1])
    outliner.close()
    qtbot.waitUntil(lambda: THREAD not in {thread.name for thread in threading.enumerate()}, timeout=LIMIT_MS)
    qtbot.wait(20)
    assert not outliner.layer.data.any() and not outliner.busy
