"""The menu of classes in the step Sizes."""

import pytest

from particleforge.measurement.shape_class import CLASSES
from particleforge.widgets.bench.sizes.rules_form import ClassButton


@pytest.fixture
def button(qtbot):
    made = ClassButton()
    qtbot.addWidget(made)
    return made


def test_classes_of_a_detector_are_offered_after_those_of_the_rules(button):
    assert list(button.actions_of) == list(CLASSES)
    button.offer(["wire", "rod", "cube", ""])
    assert list(button.actions_of) == [*CLASSES, "cube", "wire"]
    assert [action.text() for action in button.menu().actions()] == list(button.actions_of)
    assert button.value() == () and button.text() == "Classes: all"


def test_what_was_left_out_stays_so(button, qtbot):
    button.actions_of["rod"].setChecked(False)
    with qtbot.waitSignal(button.changed):  # the new class counts from now on
        button.offer(["wire"])
    assert button.value() == (*(name for name in CLASSES if name != "rod"), "wire")
    with qtbot.assertNotEmitted(button.changed):
        button.offer(["wire"])
    button.actions_of["rod"].setChecked(True)
    assert button.value() == ()


def test_a_class_that_is_gone_is_offered_no_longer(button):
    button.offer(["wire"])
    button.actions_of["wire"].setChecked(False)
    button.offer([])
    assert list(button.actions_of) == list(CLASSES) and button.value() == ()
