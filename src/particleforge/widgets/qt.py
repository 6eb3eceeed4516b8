"""Small additions to Qt."""

from collections.abc import Callable
from typing import TypeVar

from qtpy.QtCore import QObject, QTimer

Found = TypeVar("Found")


def present(found: Found | None) -> Found:
    """Return an object that Qt always provides, although PyQt6 declares that it may be None."""
    if found is None:
        raise RuntimeError("Qt has deleted a part of this widget.")
    return found


def single_shot(parent: QObject, interval_ms: int, call: Callable[[], None]) -> QTimer:
    """Timer that calls a method once, `interval_ms` after its last start."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(call)
    return timer
