"""Buttons of the bench: legible in every theme, and out of the way of the keyboard."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from particleforge.widgets.bench.buttons import BLUE, HOVERED, PRESSED, primary, quiet, tool

THEMES = {"dark": ("#262930", "#f0f1f2"), "light": ("#efebe9", "#3b3a39")}


def luminance(colour):
    """Relative luminance by WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return sum(share * one for share, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Contrast by WCAG 2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=THEMES)
def ground(qtbot, request):
    """A widget in the colours of a theme."""
    widget = QWidget()
    qtbot.addWidget(widget)
    QVBoxLayout(widget)
    background, text = THEMES[request.param]
    widget.setStyleSheet(f"QWidget {{ background-color: {background}; color: {text}; }}")
    return widget


def put(ground, button):
    ground.layout().addWidget(button)
    ground.resize(200, 200)
    ground.ensurePolished()
    button.ensurePolished()
    return button


def fill(ground, button):
    """Colour of a button near its left edge."""
    corner = button.geometry()
    return ground.grab().toImage().pixelColor(corner.left() + 6, corner.center().y())


@pytest.mark.parametrize("blue", [BLUE, HOVERED, PRESSED])
def test_white_is_legible_on_blue(blue):
    assert contrast(QColor("white"), blue) >= 4.5


@pytest.mark.parametrize(("background", "text"), THEMES.values())
def test_blue_stands_out_from_the_ground(background, text):
    assert contrast(BLUE, QColor(background)) >= 3.0


def test_the_emphasised_button_shows_whether_it_is_enabled(ground):
    button = put(ground, primary("Find particles"))
    ground.show()
    assert fill(ground, button) == BLUE
    button.setEnabled(False)
    drawn = fill(ground, button)
    assert drawn.hsvSaturationF() < 0.2 and drawn != QColor(THEMES["dark"][0])


def test_a_chosen_tool_is_blue(ground):
    button = put(ground, tool("split", "Split", "S", "Draw a line across a particle."))
    ground.show()
    assert fill(ground, button) != BLUE
    button.click()
    assert button.isChecked() and fill(ground, button) == BLUE


def test_the_key_is_drawn(ground):
    plain = put(ground, tool("split", "Split", "", "Draw a line across a particle."))
    keyed = put(ground, tool("split", "Split", "S", "Draw a line across a particle."))
    ground.show()
    assert plain.size() == keyed.size() and plain.grab().toImage() != keyed.grab().toImage()
    assert "(S)" in keyed.toolTip() and "()" not in plain.toolTip()


def test_actions_do_not_stay_pressed(qtbot):
    button = tool("undo", "Undo", "U", "Take back the last change.", checkable=False)
    qtbot.addWidget(button)
    button.click()
    assert not button.isChecked()


def test_a_click_leaves_the_keyboard_where_it_is(ground, qtbot):
    field = put(ground, QLineEdit())
    buttons = [
        put(ground, made)
        for made in (primary("Find"), quiet("Copy", "copy", "Copies the table."), tool("split", "Split", "S", ""))
    ]
    ground.show()
    ground.activateWindow()
    field.setFocus()
    for button in buttons:
        with qtbot.waitSignal(button.clicked):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert ground.focusWidget() is field
