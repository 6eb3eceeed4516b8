"""The canvas of a viewer, as a widget."""

from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget


def canvas_of(panel: QWidget) -> QWidget | None:
    """Return the canvas of the window a panel belongs to, whether docked or floating; None if there is no canvas."""
    top = panel
    while (above := top.parentWidget()) is not None:
        top = above
    found: QWidget | None = top.findChild(QOpenGLWidget)
    return found
