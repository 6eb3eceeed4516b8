"""Icons of the bench: all can be drawn, sharply, in the colour of the text."""

import xml.etree.ElementTree as ElementTree
from importlib.resources import files

import numpy as np
import pytest
from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QIcon, QImage
from qtpy.QtWidgets import QWidget

from particleforge.widgets.bench.icons import icon, names

FOLDER = files("particleforge.widgets.bench").joinpath("icons")


def pixels(shown, scale=1.0, mode=QIcon.Mode.Normal, state=QIcon.State.Off, size=24):
    drawn = shown.pixmap(QSize(size, size), scale, mode, state)
    image = drawn.toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    buffer = image.constBits()
    if hasattr(buffer, "setsize"):  # PyQt
        buffer.setsize(image.sizeInBytes())
    return np.frombuffer(buffer, np.uint8).reshape(image.height(), image.width(), 4).astype(float)


def colour(shown, **state):
    """Average colour and largest opacity of what is drawn."""
    drawn = pixels(shown, **state)
    strongest = drawn[..., 3] == drawn[..., 3].max()
    return drawn[strongest][:, :3].mean(axis=0), drawn[..., 3].max()


@pytest.mark.parametrize("name", names())
def test_each_icon_is_drawn_within_its_square(qtbot, name):
    drawn = pixels(icon(name), size=96)[..., 3] > 0
    rows, columns = np.nonzero(drawn)
    assert 0.01 < drawn.mean() < 0.35  # lines
    assert rows.min() > 0 and columns.min() > 0 and rows.max() < 95 and columns.max() < 95
    assert max(abs(ends.min() + ends.max() - 95) for ends in (rows, columns)) <= 12  # centred


def test_all_are_drawn_with_one_pen():
    for name in names():
        root = ElementTree.fromstring(FOLDER.joinpath(f"{name}.svg").read_text("utf-8"))
        pen = {key: root.get(key) for key in ("viewBox", "fill", "stroke", "stroke-width")}
        assert pen == {"viewBox": "0 0 24 24", "fill": "none", "stroke": "currentColor", "stroke-width": "1.75"}, name


def test_icons_differ(qtbot):
    drawn = {name: pixels(icon(name))[..., 3].tobytes() for name in names()}
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0, 3.0])
def test_icons_are_drawn_with_the_pixels_of_the_screen(qtbot, scale):
    drawn = icon("split").pixmap(QSize(24, 24), scale)
    assert drawn.width() == round(24 * scale) and drawn.devicePixelRatio() == scale
    exact = pixels(icon("split"), size=round(24 * scale))  # not a smaller one made larger
    np.testing.assert_array_equal(pixels(icon("split"), scale=scale), exact)


def test_the_colour_is_that_of_the_text_and_follows_it(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    shown = icon("stop", widget)
    for text in ("#f0f1f2", "#3b3a39", "#c00000"):
        widget.setStyleSheet(f"color: {text}")
        widget.ensurePolished()
        found, opacity = colour(shown)
        np.testing.assert_allclose(found, QColor(text).getRgb()[:3], atol=2)
        assert opacity > 240


def test_the_state_of_a_button_shows(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setStyleSheet("color: #3b3a39")
    widget.ensurePolished()
    shown = QIcon(icon("stop", widget, QColor("#123456")))
    np.testing.assert_allclose(colour(shown, state=QIcon.State.On)[0], QColor("#123456").getRgb()[:3], atol=2)
    plain = icon("stop", widget)
    np.testing.assert_array_equal(colour(plain, state=QIcon.State.On)[0], colour(plain)[0])
    assert colour(shown, mode=QIcon.Mode.Disabled)[1] == pytest.approx(0.4 * 255, abs=4)


def test_an_icon_outlives_its_widget(qtbot):
    widget = QWidget()
    shown = icon("stop", widget)
    copy = QIcon(shown)
    del widget
    assert pixels(copy)[..., 3].any() and pixels(shown)[..., 3].any()
